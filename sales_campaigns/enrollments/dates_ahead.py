"""Every step of one person's way: what is over, what waits and for what, and all the dates ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import CampaignVersion, Step
from sales_campaigns.campaigns.planner import Assumptions, Planned, plan
from sales_campaigns.campaigns.planner.effects import MOVES
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.campaigns.versions import drafts_of
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.models import EnrollmentState as E
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages.models import Message, MessageState

Messages = Mapping[int, Message]
OVER = {R.DONE: "Done", R.SKIPPED: "Skipped", R.FAILED: "Failed"}
STANDS = {E.PAUSED: "It is paused; dates move when it goes on.", E.HELD: "It is held until somebody decides."}
UNSENT = {
    MessageState.CLAIMED: "It is about to leave.",
    MessageState.SENDING: "It is being handed over.",
    MessageState.RETRYING: "The server refused it for now; it is tried again.",
    MessageState.UNCERTAIN: "Nobody knows whether it left: say so under E-mails.",
}


@dataclass(frozen=True, slots=True)
class StepDate:
    """One step. `at` is when it ended, or when it happens as things stand; None for what is not run.

    `state` is one word or two, `why` one sentence: the one binding reason that it waits, or how it ended.
    `moves` are the rules that shifted it, in words.
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


def messages_of(session: Session, ways: Iterable[Way]) -> dict[int, Message]:
    """The messages of all these ways, in one query."""
    ids = [run.message_id for way in ways for run in way.runs.values() if run.message_id]
    return {row.id: row for row in session.scalars(sa.select(Message).where(Message.id.in_(ids)))}


def titles_by_version(session: Session, ways: Iterable[Way]) -> dict[int, list[str]]:
    """Version → what its steps are called; one query however many versions there are."""
    versions: dict[int, CampaignVersion] = {way.version.id: way.version for way in ways}
    drafts = {id: drafts_of(version) for id, version in versions.items()}
    wordings = wordings_of(session, tuple(step for steps in drafts.values() for step in steps))
    return {id: titles_of(steps, wordings) for id, steps in drafts.items()}


def dates_of(way: Way, titles: list[str], messages: Messages, now: datetime) -> list[StepDate]:
    """Every step in order. What is still open is never assumed to have ended before `now`."""
    ahead = {entry.index: entry for entry in _ahead(way, now)}
    return [_date(way, step, titles, messages, ahead.get(step.position)) for step in way.steps]


def next_of(dates: list[StepDate]) -> StepDate | None:
    """The first step that is not over."""
    return next((one for one in dates if not one.over), None)


def _ahead(way: Way, now: datetime) -> tuple[Planned, ...]:
    if way.enrollment.state not in UNDER_WAY:
        return ()
    defer = {step.position: day for step in way.steps if (day := _put_off(way, step)) is not None}
    return plan(way.outline, way.start, way.over, Assumptions(now=now), defer)


def _put_off(way: Way, step: Step) -> date | None:
    """The day that a scheduled mail has, perhaps because of a daily limit."""
    run = way.runs.get(step.key)
    scheduled = run is not None and run.state is R.SCHEDULED
    return wall_clock(run.due_at, way.enrollment.zone).date() if run is not None and scheduled else None


def _date(way: Way, step: Step, titles: list[str], messages: Messages, planned: Planned | None) -> StepDate:
    run, title = way.runs.get(step.key), titles[step.position]
    if run is not None:
        message = messages.get(run.message_id or 0)
        moves = tuple(dict.fromkeys(MOVES[move["why"]] for move in run.moved if move["why"] in MOVES))
        at, over, state, why = _run(way, run, message)
        return StepDate(step, title, at, over, state, why, moves, run.message_id, run.task_id)
    if planned is None:
        return StepDate(step, title, None, True, "Not run", _not_run(way.enrollment))
    moves = tuple(dict.fromkeys(MOVES[move.why] for move in planned.moved))
    return StepDate(step, title, planned.at, False, "Planned", _waits(way, planned, titles), moves)


def _run(way: Way, run: StepRun, message: Message | None) -> tuple[datetime, bool, str, str]:
    if run.state in OVER:
        state = "Sent" if run.sent_at else OVER[run.state]
        return run.sent_at or run.over_at or run.due_at, True, state, run.why
    if run.state is R.TASK_OPEN:
        if message is not None and message.state is MessageState.PENDING:
            return message.due_at, False, "Scheduled", _stands(way) or "Written; it leaves at this time."
        return (
            run.due_at,
            False,
            "Task open",
            _stands(way) or "Waits until somebody completes or skips the task.",
        )
    if message is None:
        words = "Opens as a task." if run.is_task else "Is left out: there is no e-mail address."
        return run.due_at, False, "Planned", _stands(way) or words
    words = UNSENT.get(message.state, "Leaves at this time.")
    return run.due_at, False, "Scheduled", _stands(way) or words


def _stands(way: Way) -> str:
    """Why nothing of this way happens at all, or ""."""
    if way.enrollment.state is E.ACTIVE and way.campaign.state != "active":
        return f"The campaign is {way.campaign.state.value}; dates move when it goes on."
    if way.enrollment.state is E.ACTIVE and way.absence.stopped:
        return f"{way.absence.stopped[:1].upper()}{way.absence.stopped[1:]}; dates move when it goes on."
    return STANDS.get(way.enrollment.state, "")


def _waits(way: Way, planned: Planned, titles: list[str]) -> str:
    if words := _stands(way):
        return words
    if not planned.waits_for:
        return "Comes next."
    before = way.steps[planned.waits_for[0]]
    return f"Waits for day {before.day}, step {before.number}: {titles[before.position]}."


def _not_run(enrollment: Enrollment) -> str:
    if enrollment.state in UNDER_WAY:
        return "Was added to the campaign when this person was further already."
    return "The campaign ended before."
