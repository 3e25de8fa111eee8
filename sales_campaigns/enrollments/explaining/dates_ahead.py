"""Every step of one person's way: what is over, what waits and for what, and all the dates ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Planned
from sales_campaigns.campaigns.planner.effects import MOVES
from sales_campaigns.content.quoting import reply_subject
from sales_campaigns.enrollments.explaining.step_traces import step_trace
from sales_campaigns.enrollments.explaining.surroundings import Surroundings
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import OVER
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages.models import Message, MessageState

ENDED = {R.DONE: "Done", R.SKIPPED: "Skipped", R.FAILED: "Failed"}


@dataclass(frozen=True, slots=True)
class StepDate:
    """One step. `at` is when it ended, or when it happens as things stand; None for what is not run.

    `state` is one word or two, `why` one sentence: the one binding reason that it waits, or how it ended.
    `moves` are the rules that shifted it, in words. `variant` is the letter of what this person gets, or got.
    """

    step: Step
    title: str
    at: datetime | None
    over: bool
    state: str
    why: str
    moves: tuple[str, ...] = ()
    message_id: int | None = None
    task_id: int | None = None
    variant: str = ""


def dates_of(way: Way, known: Surroundings, ahead: Mapping[int, Planned]) -> list[StepDate]:
    """Every step in order, by where each stands that is not over (`planned_ahead`, `placed_ahead`)."""
    dates = [_date(way, step, known, ahead.get(step.position)) for step in way.steps]
    varied = [_varied(one, _letter(way, one, known), known) for one in dates]
    for n, (before, after) in enumerate(pairwise(dates), 1):
        if after.step.follow_up and after.title == reply_subject(before.title):
            varied[n] = replace(varied[n], title=reply_subject(varied[n - 1].title))
    return varied


def next_of(dates: list[StepDate]) -> StepDate | None:
    """The first step that is not over."""
    return next((one for one in dates if not one.over), None)


def _date(way: Way, step: Step, known: Surroundings, planned: Planned | None) -> StepDate:
    run, title = way.runs.get(step.key), known.titles[way.version.id][step.position]
    why = _why(way, step, known, planned)
    if run is not None:
        at, over, state = _run(run, known.messages.get(run.message_id or 0))
        moves = _moved(move["why"] for move in run.moved)
        return StepDate(step, title, at, over, state, why, moves, run.message_id, run.task_id)
    if planned is None:
        return StepDate(step, title, None, True, "Not run", why)
    moves = _moved(move.why for move in planned.moved)
    return StepDate(step, title, planned.at, False, "Planned", why, moves)


def _varied(date: StepDate, letter: str, known: Surroundings) -> StepDate:
    """Called after what this person gets. A follow-up without a subject of its own keeps that of its thread."""
    mine = next((one for one in date.step.variants if one.key == letter), None)
    subject = known.subjects.get(mine.wording_id, "") if mine is not None else ""
    return replace(date, variant=letter, title=subject or date.title)


def _letter(way: Way, date: StepDate, known: Surroundings) -> str:
    if message := known.messages.get(date.message_id or 0):
        return message.variant
    variant = None if date.over else way.variant_of(date.step)
    return variant.key if variant is not None else ""


def _why(way: Way, step: Step, known: Surroundings, planned: Planned | None) -> str:
    """The binding reason that it waits; of what is over only what there is to say beyond the state."""
    run = way.runs.get(step.key)
    if run is not None and run.state in OVER:
        return run.why
    return step_trace(known, way, step, planned).sentence


def _moved(whys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(MOVES[why] for why in whys if why in MOVES))


def _run(run: StepRun, message: Message | None) -> tuple[datetime, bool, str]:
    """When, whether it is over, and its state in a word or two."""
    if run.state in OVER:
        return run.sent_at or run.over_at or run.due_at, True, "Sent" if run.sent_at else ENDED[run.state]
    if run.state is R.TASK_OPEN:
        if message is not None and message.state is MessageState.PENDING:
            return message.due_at, False, "Scheduled"
        return run.due_at, False, "Task open"
    return run.due_at, False, "Planned" if message is None else "Scheduled"
