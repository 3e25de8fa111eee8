"""Which send options an e-mail step may have, by its place in the campaign.

The first step of day 1 offers: choose at the launch, a fixed time, a task. Every other step offers: a fixed
time, the same time as the previous e-mail, a task. A follow-up stands directly after an e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sales_campaigns.campaigns.planner import SendOption, StepKind, StepOutline
from sales_campaigns.errors import Invalid

NAMES = {
    SendOption.CHOOSE: "I will choose when to send",
    SendOption.AT: "Send at the following time",
    SendOption.SAME_AS_PREVIOUS: "Same time as the previous e-mail",
    SendOption.TASK: "Create a task; I will send it myself",
}
ONLY_FIRST = "Only the first step of day 1 lets you choose at the launch. Give it a time instead."
NOTHING_BEFORE = "The first step has no e-mail before it. Give it a time instead."
ONLY_EMAILS = "Only an e-mail has a send option."
AFTER_AN_EMAIL = "A follow-up needs an e-mail as the step directly before it."


@dataclass(frozen=True, slots=True)
class Legal:
    """One option at one place; `why` is empty when it is legal."""

    option: SendOption
    legal: bool
    why: str


def legal_options(position: int, steps: Sequence[StepOutline]) -> tuple[Legal, ...]:
    """Every option with its verdict for the step at index `position`, in the order the editor shows them."""
    return tuple(
        Legal(option, not why, why) for option in SendOption for why in [_why_not(option, position, steps)]
    )


def _why_not(option: SendOption, position: int, steps: Sequence[StepOutline]) -> str:
    if steps[position].kind != StepKind.EMAIL:
        return ONLY_EMAILS
    if option == SendOption.CHOOSE and position > 0:
        return ONLY_FIRST
    return NOTHING_BEFORE if option == SendOption.SAME_AS_PREVIOUS and position == 0 else ""


def follow_up_is_legal(position: int, steps: Sequence[StepOutline]) -> bool:
    return (
        position > 0 and steps[position].kind == StepKind.EMAIL and steps[position - 1].kind == StepKind.EMAIL
    )


def refuse_illegal(steps: Sequence[StepOutline]) -> None:
    """Raises Invalid with every fault at once, under names such as `steps.2.send` (indexes count from 0)."""
    problems = dict(problems_of(steps))
    if problems:
        raise Invalid(problems)


def problems_of(steps: Sequence[StepOutline]) -> Iterator[tuple[str, str]]:
    if not steps:
        yield "steps", "Add at least one step."
    for index, step in enumerate(steps):
        for name, words in _problems_at(index, step, steps):
            yield f"steps.{index}.{name}", words


def _problems_at(index: int, step: StepOutline, steps: Sequence[StepOutline]) -> Iterator[tuple[str, str]]:
    yield from _place_problems(index, step, steps)
    yield from _send_problems(index, step, steps)
    if step.follow_up and not follow_up_is_legal(index, steps):
        yield "follow_up", AFTER_AN_EMAIL
    if step.skip_after_days is not None and not step.is_task:
        yield "skip_after", "Only a task can be skipped when nobody does it."
    elif step.skip_after_days is not None and step.skip_after_days < 1:
        yield "skip_after", "Skip a task after one day at the earliest."


def _place_problems(index: int, step: StepOutline, steps: Sequence[StepOutline]) -> Iterator[tuple[str, str]]:
    before = steps[index - 1] if index else None
    if before is None and step.day != 1:
        yield "day", "The first step is on day 1."
    elif before is not None and step.day < before.day:
        yield "day", f"The step before is on day {before.day}. Days never go down."
    number = before.number + 1 if before is not None and before.day == step.day else 1
    if step.number != number:
        yield "number", f"Steps count from 1 within their day; this is number {number}."


def _send_problems(index: int, step: StepOutline, steps: Sequence[StepOutline]) -> Iterator[tuple[str, str]]:
    if step.kind == StepKind.EMAIL and step.send is None:
        offered = ", ".join(legal.option for legal in legal_options(index, steps) if legal.legal)
        yield "send", f"Say how the e-mail leaves: {offered}."
    elif step.send is not None and (why := _why_not(step.send, index, steps)):
        yield "send", why
    if step.send == SendOption.AT and step.at is None:
        yield "at", "Give the time of day at which it leaves."
    elif step.send != SendOption.AT and step.at is not None:
        yield "at", "A time of day belongs to “Send at the following time” only."


def numbered(steps: Sequence[StepOutline]) -> tuple[StepOutline, ...]:
    """The same steps, counted from 1 within their day."""
    by_day = groupby(steps, key=lambda step: step.day)
    return tuple(replace(step, number=number) for _, day in by_day for number, step in enumerate(day, 1))


def reset_illegal(steps: Sequence[StepOutline]) -> tuple[tuple[StepOutline, ...], tuple[str, ...]]:
    """After a step was moved, deleted or retyped: its neighbours made legal, a sentence for each change."""
    steps = numbered(steps)
    kept: list[StepOutline] = []
    said: list[str] = []
    for index, step in enumerate(steps):
        legal, words = _made_legal(index, step, steps)
        kept.append(legal)
        said += words
    return tuple(kept), tuple(said)


def _made_legal(index: int, step: StepOutline, steps: Sequence[StepOutline]) -> tuple[StepOutline, list[str]]:
    where, said = f"Day {step.day}, step {step.number}", []
    if step.kind != StepKind.EMAIL and (step.send or step.at or step.follow_up):
        step = replace(step, send=None, at=None, follow_up=False)
        said.append(f"{where}: the send option is gone, because it is no e-mail.")
    elif step.kind == StepKind.EMAIL and (step.send is None or _why_not(step.send, index, steps)):
        step = replace(step, send=_default(index, step), at=None)
        said.append(f"{where}: now “{NAMES[_default(index, step)]}”. Check it.")
    if step.follow_up and not follow_up_is_legal(index, steps):
        step = replace(step, follow_up=False)
        said.append(f"{where}: no longer a follow-up, because the step before is no e-mail.")
    if step.skip_after_days is not None and not step.is_task:
        step = replace(step, skip_after_days=None)
        said.append(f"{where}: no longer skipped when late, because it is no task.")
    return step, said


def _default(index: int, step: StepOutline) -> SendOption:
    """What a reset falls back to: nothing that would leave earlier than anybody expects."""
    if index == 0:
        return SendOption.CHOOSE
    return SendOption.TASK if step.day == 1 else SendOption.SAME_AS_PREVIOUS
