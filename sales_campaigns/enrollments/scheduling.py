"""Make the next steps of enrollments happen: what the planner says is ready becomes a mail or a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.file import Lateness
from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Planned, StepKind, next_slot, skip_at
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.database import insert_rows
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.enrollments.daily_limits import take_turns, within_limits
from sales_campaigns.enrollments.leaving_out import causes_of, note_left_out, why_of
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.states import ENROLLMENT, WAITING
from sales_campaigns.enrollments.ways import Due, Way, ways_of
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.queueing import next_attempts, queue, reschedule_many
from sales_campaigns.unit_of_work import UnitOfWork


def go_on(uow: UnitOfWork, enrollment_ids: Iterable[int], release_at: datetime | None = None) -> None:
    """Give every step that is ready a run; finish enrollments that have no step left.

    What is released is not handed over before `release_at`: the time in which a completion can be undone.
    """
    uow.session.flush()
    ids = one_at_a_time(uow, enrollment_ids)
    ways = [way for way in ways_of(uow.session, ids) if way.enrollment.state is EnrollmentState.ACTIVE]
    ahead = [(way, way.ahead()) for way in ways]
    _make_happen(uow, [due for way, dates in ahead for due in _ready(way, dates)], release_at)
    _finish(uow, [way.enrollment for way, dates in ahead if not dates])


def take_next_slot(uow: UnitOfWork, enrollment_id: int, step_key: str) -> None:
    """Plan a mail that is too late anew: at its own time of day, on the next eligible day."""
    take_next_slots(uow, {enrollment_id: {step_key}})


def take_next_slots(uow: UnitOfWork, late: Mapping[int, Collection[str]]) -> None:
    """The same for many: the mails that are ready and too late, by enrollment."""
    uow.session.flush()
    dues = [due for way in ways_of(uow.session, late) for due in _ready(way, way.ahead())]
    _make_happen(
        uow, [_in_next_slot(uow, due) for due in dues if due.step.key in late[due.way.enrollment.id]]
    )


def _in_next_slot(uow: UnitOfWork, late: Due) -> Due:
    return replace(late, planned=next_slot(late.way.outline, late.way.start, late.planned, uow.now))


def schedule(uow: UnitOfWork, dues: Iterable[Due]) -> None:
    """Give these steps, which have no run, one at the instant that is planned here."""
    _make_happen(uow, list(dues))


def _make_happen(uow: UnitOfWork, ready: list[Due], release_at: datetime | None = None) -> None:
    """Whoever is left out gets no mail: the run stands for the day on which it would have left."""
    mails = [due for due in ready if not due.planned.is_task]
    left_out = causes_of(uow.session, mails)
    if left_out:
        note_left_out(uow, mails, left_out, _deliveries(uow, mails))
    sendable = [due for due in mails if due.way.enrollment.id not in left_out]
    runs = [_run(due) for due in ready if due.planned.is_task]
    runs += [_run(due, why=why_of(left_out, due)) for due in mails if due.way.enrollment.id in left_out]
    runs += _schedule_mails(uow, sendable, release_at)
    insert_rows(uow.session, StepRun, runs)


def _ready(way: Way, dates: Iterable[Planned]) -> list[Due]:
    return [
        Due(way, way.steps[planned.index], planned)
        for planned in dates
        if planned.ready and way.steps[planned.index].key not in way.runs
    ]


def _schedule_mails(uow: UnitOfWork, mails: list[Due], release_at: datetime | None) -> list[dict[str, Any]]:
    """Queue a message for each mail; the rows of their runs, in the same order."""
    if not mails:
        return []
    take_turns(uow.session, mails)
    placed = within_limits(uow.session, mails, uow.now)
    mails = [due for due in placed if due.step.key not in due.way.runs]
    give_dates(uow, [due for due in placed if due.step.key in due.way.runs])
    deliveries = _deliveries(uow, mails)
    attempts = next_attempts(uow, deliveries.values(), {due.way.enrollment.id for due in mails})
    words = _words(uow, mails)
    rows = [
        _message(due, deliveries, attempts, release_at) | word for due, word in zip(mails, words, strict=True)
    ]
    return [_run(due, message_id) for due, message_id in zip(mails, queue(uow, rows), strict=True)]


def give_date(uow: UnitOfWork, due: Due) -> None:
    """Another date for a step that has a run; a mail takes it only while it waits."""
    give_dates(uow, [due])


def give_dates(uow: UnitOfWork, dues: Iterable[Due]) -> None:
    """Other dates for many; one statement for each instant that mails of them move to."""
    found = list(dues)
    together: dict[tuple[datetime, datetime | None], list[int]] = defaultdict(list)
    for due in found:
        if message_id := due.way.runs[due.step.key].message_id:
            together[due.planned.at, late_at(due.way, due.planned.at)].append(message_id)
    moved = {id for (at, late), ids in together.items() for id in reschedule_many(uow, ids, at, late)}
    for due in found:
        run, planned = due.way.runs[due.step.key], due.planned
        if run.message_id is None or run.message_id in moved:
            run.due_at, run.own_date, run.moved = planned.at, planned.own_date, _moves(planned)
            run.skip_at = _skip_at(due)


def _words(uow: UnitOfWork, mails: Iterable[Due]) -> list[dict[str, Any]]:
    """What each of these mails says. Without a mail to follow, those whose steps so far say the same are found once."""
    known: dict[tuple[object, ...], dict[str, Any]] = {}
    found = []
    for way, step in ((due.way, due.step) for due in mails):
        if not step.follow_up or threading(way, step)["follows_id"]:
            found.append(words_of(uow, way, step))
            continue
        said = (step.id, variant_said(way, step), *map(way.wording_of, way.steps[: step.position + 1]))
        if said not in known:
            known[said] = words_of(uow, way, step)
        found.append(known[said])
    return found


def words_of(uow: UnitOfWork, way: Way, step: Step) -> dict[str, Any]:
    """What a step's mail says, to whom copies go, what it answers. A follow-up that has no mail to follow takes the
    subject that its thread would have had.
    """
    thread = threading(way, step)
    beside = {"variant": variant_said(way, step), "cc": step.cc, "bcc": step.bcc, **thread}
    wording_id = way.wording_of(step)
    if not step.follow_up or thread["follows_id"] or wording_id is None:
        return {"wording_id": wording_id, **beside}
    own = uow.session.get_one(Wording, wording_id)
    subject = own.subject or subject_before(uow.session, way, step)
    return {"wording_id": wording_for(uow.session, replace(content_of(own), subject=subject)).id, **beside}


def variant_said(way: Way, step: Step) -> str:
    """The letter that a mail counts for; words that the rep typed at the launch are those of no variant."""
    variant = way.variant_of(step)
    return variant.key if variant is not None and _edits(way, step)["edited_html"] is None else ""


def subject_before(session: Session, way: Way, step: Step) -> str:
    """The subject of the nearest mail before it that has one of its own."""
    for earlier in reversed(way.steps[: step.position]):
        wording_id = way.wording_of(earlier)
        wording = session.get(Wording, wording_id) if wording_id else None
        if wording is not None and wording.subject:
            return wording.subject
    return ""


def _deliveries(uow: UnitOfWork, mails: list[Due]) -> dict[tuple[int, str], int]:
    campaigns = {due.way.campaign.id for due in mails}
    rows = uow.session.execute(
        sa.select(Delivery.campaign_id, Delivery.step_key, Delivery.id).where(
            Delivery.campaign_id.in_(campaigns)
        )
    )
    return {(campaign_id or 0, key or ""): id for campaign_id, key, id in rows}


def _message(
    due: Due,
    deliveries: dict[tuple[int, str], int],
    attempts: dict[Any, int],
    release_at: datetime | None,
) -> dict[str, Any]:
    way, step, enrollment, at = due.way, due.step, due.way.enrollment, due.planned.at
    delivery_id = deliveries[way.campaign.id, step.key]
    return {
        "team_id": enrollment.team_id,
        "delivery_id": delivery_id,
        "occasion": enrollment.id,
        "email": enrollment.email,
        "attempt": attempts.get((delivery_id, enrollment.id), 1),
        "campaign_id": way.campaign.id,
        "enrollment_id": enrollment.id,
        "step_key": step.key,
        "person_id": enrollment.person_id,
        "sender_id": enrollment.sender_id,
        "mailbox_id": enrollment.mailbox_id,
        "zone": enrollment.zone,
        "due_at": at,
        "act_at": max(at, release_at) if release_at else at,
        "late_at": late_at(way, at),
        **_edits(way, step),
    }


def late_at(way: Way, at: datetime) -> datetime | None:
    """Past this instant a first attempt is not made blindly; None when the campaign sends however late."""
    late = way.settings.late
    return None if late.then is Lateness.SEND else at + late.limit


def threading(way: Way, step: Step) -> dict[str, Any]:
    """Which mail a follow-up answers to, and what it quotes."""
    if not step.follow_up or step.position == 0:
        return {"follows_id": None, "quoted": ""}
    before = way.runs.get(way.steps[step.position - 1].key)
    return {"follows_id": before.message_id if before else None, "quoted": step.quote}


def _edits(way: Way, step: Step) -> dict[str, Any]:
    """The words typed at the launch belong to its first e-mail only."""
    mails = [one for one in way.steps[way.launched_first :] if one.kind is StepKind.EMAIL]
    mine = way.enrollment if step.key in {one.key for one in mails[:1]} else None
    return {
        "edited_subject": mine.edited_subject if mine else None,
        "edited_html": mine.edited_html if mine else None,
    }


def _run(due: Due, message_id: int | None = None, why: str = "") -> dict[str, Any]:
    planned = due.planned
    return {
        "enrollment_id": due.way.enrollment.id,
        "step_id": due.step.id,
        "step_key": due.step.key,
        "is_task": planned.is_task,
        "state": StepRunState.SCHEDULED if message_id else StepRunState.PLANNED,
        "own_date": planned.own_date,
        "due_at": planned.at,
        "skip_at": _skip_at(due),
        "moved": _moves(planned),
        "message_id": message_id,
        "why": why[:200],
    }


def _skip_at(due: Due) -> datetime | None:
    return skip_at(due.way.outline, due.way.start, due.planned) if due.planned.is_task else None


def _moves(planned: Planned) -> list[dict[str, str]]:
    return [{"why": move.why, "from": move.from_.isoformat()} for move in planned.moved]


def _finish(uow: UnitOfWork, done: list[Enrollment]) -> None:
    """An enrollment is finished when every step is over and nothing waits any more."""
    waiting = set(
        uow.session.scalars(
            sa.select(StepRun.enrollment_id).where(
                StepRun.enrollment_id.in_([e.id for e in done]), StepRun.state.in_(WAITING)
            )
        )
    )
    ids = [e.id for e in done if e.id not in waiting]
    if not ids:
        return
    moved = move_many(uow.session, ENROLLMENT, Enrollment, "finish", Enrollment.id.in_(ids), ended_at=uow.now)
    for enrollment in done:
        if enrollment.id in moved:
            uow.record(
                "enrollment.finished",
                team_id=enrollment.team_id,
                person_id=enrollment.person_id,
                campaign_id=enrollment.campaign_id,
                enrollment_id=enrollment.id,
            )
