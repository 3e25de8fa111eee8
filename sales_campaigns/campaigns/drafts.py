"""The steps of a campaign while they are edited: values, and the ways of putting them in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import time
from itertools import groupby

from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind, StepOutline
from sales_campaigns.campaigns.variants import VariantDraft, running
from sales_campaigns.errors import Invalid, NotFound

LAST_DAY = 1000
MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One step. `key` is its own name through all versions; `number` counts within the day, from 1.

    `quote` is "template" or "sent", `priority` "normal" or "high", `skip_after_days` counts days. `cc` and `bcc` are
    addresses with spaces between. Where there are `variants`, the wording of the step is that of the first one that is
    not stopped.
    """

    key: str
    day: int
    kind: StepKind
    number: int = 0
    send: SendOption | None = None
    at: time | None = None
    if_past: IfPast = IfPast.NEXT_DAY
    follow_up: bool = False
    quote: str = "template"
    name: str = ""
    details: str = ""
    priority: str = "normal"
    skip_after_days: int | None = None
    wording_id: int | None = None
    from_template: str = ""
    template_id: int | None = None
    cc: str = ""
    bcc: str = ""
    variants: tuple[VariantDraft, ...] = ()

    @property
    def is_task(self) -> bool:
        return self.kind is not StepKind.EMAIL or self.send is SendOption.TASK

    @property
    def said(self) -> tuple[object, ...]:
        """What somebody wrote in it."""
        words = [(one.key, one.wording_id) for one in self.variants]
        return self.wording_id, words, self.cc, self.bcc, self.name, self.details

    @property
    def outline(self) -> StepOutline:
        """What the planner needs to know of it."""
        return StepOutline(
            day=self.day,
            number=self.number,
            kind=self.kind,
            send=self.send,
            at=self.at,
            if_past=self.if_past,
            follow_up=self.follow_up,
            skip_after_days=self.skip_after_days,
        )

    def as_outlined(self, outline: StepOutline) -> StepDraft:
        """The same step with the send option of `outline`."""
        return replace(
            self,
            send=outline.send,
            at=outline.at,
            if_past=outline.if_past,
            follow_up=outline.follow_up,
        )

    @property
    def wording_ids(self) -> tuple[int, ...]:
        """Everything that it may say."""
        own = (self.wording_id,) if self.wording_id else ()
        return tuple(dict.fromkeys((*own, *(one.wording_id for one in self.variants))))

    def with_variants(self, variants: Iterable[VariantDraft]) -> StepDraft:
        """Varied by these, of which at least one is not stopped; one that is left alone is the step's own words."""
        found = tuple(variants)
        first = running(found)[0]
        return replace(
            self,
            variants=found if len(found) > 1 else (),
            wording_id=first.wording_id,
            from_template=first.from_template,
            template_id=first.template_id,
        )


Steps = tuple[StepDraft, ...]


def arranged(steps: Iterable[StepDraft]) -> Steps:
    """Sorted by day, otherwise as they stand, and numbered within each day. Raises Invalid beyond the limits."""
    in_order = sorted(steps, key=lambda step: step.day)
    if len(in_order) > MOST_STEPS:
        raise Invalid(f"A campaign has at most {MOST_STEPS} steps. Make a second campaign of the rest.")
    if in_order and not 1 <= in_order[0].day <= in_order[-1].day <= LAST_DAY:
        raise Invalid({"day": f"Choose a day from 1 to {LAST_DAY}."})
    days = groupby(in_order, key=lambda step: step.day)
    return tuple(replace(step, number=n) for _, group in days for n, step in enumerate(group, 1))


def from_day_one(steps: Steps) -> tuple[Steps, str]:
    """The rule: the first step is on day 1. The same gaps from there, and what to say of it; "" for no change."""
    days = steps[0].day - 1 if steps else 0
    if not days:
        return steps, ""
    earlier = tuple(replace(step, day=step.day - days) for step in steps)
    words = "1 day earlier" if days == 1 else f"{days} days earlier"
    return earlier, f"The first step is on day 1, so every step is now {words}."


def step_of(steps: Steps, key: str) -> StepDraft:
    """Raises NotFound when the step was deleted meanwhile."""
    return steps[place_of(steps, key)]


def variant_of(step: StepDraft, letter: str) -> VariantDraft:
    """Raises NotFound when the variant was removed meanwhile."""
    found = next((one for one in step.variants if one.key == letter), None)
    if found is None:
        raise NotFound("This variant is no longer part of the step. Reload the page to see those that are.")
    return found


def place_of(steps: Steps, key: str) -> int:
    place = next((index for index, step in enumerate(steps) if step.key == key), None)
    if place is None:
        raise NotFound(
            "This step is no longer part of the campaign. Reload the page to see the steps as they are."
        )
    return place


def with_step(steps: Steps, step: StepDraft) -> Steps:
    """The step of the same key replaced."""
    place = place_of(steps, step.key)
    return (*steps[:place], step, *steps[place + 1 :])


def without_step(steps: Steps, key: str) -> Steps:
    place = place_of(steps, key)
    return arranged((*steps[:place], *steps[place + 1 :]))


def moved(steps: Steps, key: str, towards: str) -> Steps:
    """One step "up" or "down": past its neighbour on the same day, else onto the day before or after.

    "earlier" and "later" move it to the neighbouring day at once. Raises Invalid at the edges.
    """
    place, step = place_of(steps, key), step_of(steps, key)
    down = towards in ("down", "later")
    neighbour = place + (1 if down else -1)
    if towards in ("up", "down") and 0 <= neighbour < len(steps) and steps[neighbour].day == step.day:
        return arranged(_swapped(steps, place, neighbour))
    day = step.day + (1 if down else -1)
    if day < 1:
        raise Invalid("This is the first step of day 1: it cannot move further up.")
    others = steps[:place] + steps[place + 1 :]
    moved_step = replace(step, day=day)
    # Down it becomes the first of the next day, up the last of the day before.
    return arranged((moved_step, *others) if down else (*others, moved_step))


def placed(steps: Steps, order: Sequence[str]) -> Steps:
    """In the order of the page: day marks ("day:3") and, after each, the keys of its steps.

    Raises Invalid when the page did not know all steps, because somebody else added or deleted one.
    """
    by_key = {step.key: step for step in steps}
    day, result = 1, []
    for entry in order:
        if entry.startswith("day:") and entry[4:].isdecimal():
            day = int(entry[4:])
        elif step := by_key.pop(entry, None):
            result.append(replace(step, day=day))
        else:
            raise Invalid("The steps were changed meanwhile. Reload the page and move the step again.")
    if by_key:
        raise Invalid("The steps were changed meanwhile. Reload the page and move the step again.")
    return arranged(result)


def _swapped(steps: Steps, one: int, other: int) -> list[StepDraft]:
    result = list(steps)
    result[one], result[other] = result[other], result[one]
    return result
