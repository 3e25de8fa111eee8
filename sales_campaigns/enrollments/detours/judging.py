"""Who of these people can jump to a step, who cannot and why, and where each one would stand then. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Planned, plan
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.passing_over import place_of
from sales_campaigns.enrollments.states import ENROLLMENT, OVER, UNDER_WAY, WAITING
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import WAITING as UNSENT


@dataclass(frozen=True)
class Jump:
    """One person's jump. `refusal` says why it is none; `before` are steps to be left out, `again` ended runs that
    happen once more, `dropped` runs that wait. `ahead` are the dates that follow, as things stand."""

    way: Way
    step: Step | None
    refusal: str = ""
    before: tuple[Step, ...] = ()
    again: tuple[StepRun, ...] = ()
    dropped: tuple[StepRun, ...] = ()
    ahead: tuple[Planned, ...] = ()

    @property
    def threadless(self) -> bool:
        """A follow-up without the mail that it follows: it goes out as a new thread."""
        follows = self.ahead[0].follows if self.ahead else None
        return self.step is not None and self.step.follow_up and follows is None


def judge_jumps(session: Session, ways: Sequence[Way], key: str, again: bool, now: datetime) -> list[Jump]:
    """Each person's jump to the step of this key, in the order of `ways`; one query however many there are."""
    leaving = _leaving(session, ways)
    return [_jump(way, key, again, now, leaving) for way in ways]


def _leaving(session: Session, ways: Sequence[Way]) -> set[int]:
    """The messages of steps that wait which cannot be stopped any more."""
    runs = (run for way in ways for run in way.runs.values() if run.state in WAITING)
    ids = [run.message_id for run in runs if run.message_id]
    query = sa.select(Message.id).where(Message.id.in_(ids), Message.state.not_in(UNSENT))
    return set(session.scalars(query))


def _jump(way: Way, key: str, again: bool, now: datetime, leaving: set[int]) -> Jump:
    step = next((one for one in way.steps if one.key == key), None)
    if step is None:
        return Jump(way, None, "The campaign has no such step any more.")
    runs = _by_position(way)
    dropped = tuple(run for run in runs.values() if run.state in WAITING)
    repeated = tuple(run for at, run in runs.items() if at >= step.position and run.state in OVER)
    refusal = _refusal(way, step, dropped, repeated, again, leaving)
    if refusal:
        return Jump(way, step, refusal)
    before = tuple(one for one in way.steps[: step.position] if one.position not in runs)
    return Jump(way, step, "", before, repeated, dropped, ahead_of(way, step, now))


def _by_position(way: Way) -> Mapping[int, StepRun]:
    return {step.position: way.runs[step.key] for step in way.steps if step.key in way.runs}


def _refusal(
    way: Way,
    step: Step,
    dropped: Iterable[StepRun],
    repeated: Iterable[StepRun],
    again: bool,
    leaving: set[int],
) -> str:
    """The rule: steps already sent are refused unless “send again” is ticked."""
    state = way.enrollment.state
    if state not in UNDER_WAY:
        return f"Cannot jump: {ENROLLMENT.sentences[state]} Restart it instead."
    if any(run.message_id in leaving for run in dropped):
        return "Its mail is leaving just now, or nobody knows whether it left. Look at the mail first."
    if any(run.step_key == step.key for run in dropped):
        return f"Is at {place_of(step)} already."
    if any(run.state is R.DONE for run in repeated) and not again:
        return f"{place_of(step).capitalize()} or a later step has happened. Tick “send again” to repeat it."
    return ""


def ahead_of(way: Way, step: Step, now: datetime) -> tuple[Planned, ...]:
    """Every step from this one on, if the person jumped there at `now`: the planner's dates."""
    kept = {one.key for one in way.steps[: step.position]}
    over = replace(way, runs={key: run for key, run in way.runs.items() if key in kept}).over
    start = replace(
        way.start,
        first=step.position,
        first_day=step.day,
        first_at=now.replace(microsecond=0),
        slipped=0,
    )
    return plan(way.outline, start, over)
