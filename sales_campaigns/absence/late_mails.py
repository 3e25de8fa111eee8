"""Late mail that its campaign asks about: the list, and the answers for many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import Planned, next_slot
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.enrollments.models import Enrollment, StepRun, StepRunState
from sales_campaigns.enrollments.scheduling import go_on, schedule
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.enrollments.ways import Due, ways_of
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.explaining.queue_order import turn
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)
CHUNK = 500
PAGE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A step run that an answer is given to, with the task that asks."""

    id: int
    enrollment_id: int
    step_key: str
    task_id: int


@dataclass(frozen=True, slots=True)
class LateMail:
    """One mail that waits for an answer: its message (cancelled as late), the task, and who it is for."""

    message: Message
    task: Task
    person: Person
    campaign: Campaign
    zone: str


def late_mails(session: Session, actor: User, everybody: bool = False, limit: int = PAGE) -> list[LateMail]:
    """The oldest first: the actor's own, or everybody's of the team."""
    query = (
        sa.select(Message, Task, Person, Campaign, Enrollment.zone)
        .select_from(StepRun)
        .join(Message, Message.id == StepRun.message_id)
        .join(Task, Task.id == StepRun.task_id)
        .join(Person, Person.id == Message.person_id)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(*_waits(), *_whose(actor, everybody))
        .order_by(Message.due_at, Message.id)
    )
    return [LateMail(*row) for row in session.execute(query.limit(limit))]


def count_late(session: Session, actor: User, everybody: bool = False) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(StepRun)
        .join(Message, Message.id == StepRun.message_id)
        .join(Task, Task.id == StepRun.task_id)
        .where(*_waits(), *_whose(actor, everybody))
    )
    return session.scalar(query) or 0


def answer_late(
    uow: UnitOfWork, actor: User, answer: str, task_ids: Sequence[int], undo_seconds: int = 10
) -> int:
    """`send` (spread over an hour), `next_slot` or `skip` for these; how many. Raises Invalid, IllegalMove for none.

    What is sent is planned for now: the late instant stays with the message that was late.
    """
    require(actor, "work_tasks")
    if answer not in ANSWERS:
        raise Invalid({"answer": "Choose to send, to take the next slot, or to skip."})
    runs = _asked(uow, actor, task_ids)
    if not runs:
        raise IllegalMove("None of these mails waits for an answer any more.")
    for first in range(0, len(runs), CHUNK):
        release = uow.now + uow.people_seconds(undo_seconds) + HOUR * first / len(runs)
        ANSWERS[answer](uow, runs[first : first + CHUNK], release, HOUR / len(runs))
    data = {"answer": answer, "mails": len(runs)}
    uow.record("late.answered", actor_id=actor.id, team_id=actor.team_id, data=data)
    return len(runs)


def _asked(uow: UnitOfWork, actor: User, task_ids: Sequence[int]) -> list[Asked]:
    """In the order in which they would be sent: nobody's advantage, the same however often it is asked."""
    rows = uow.session.execute(
        sa.select(StepRun.id, StepRun.enrollment_id, StepRun.step_key, Task.id)
        .join(Message, Message.id == StepRun.message_id)
        .join(Task, Task.id == StepRun.task_id)
        .where(*_waits(), *_whose(actor, everybody=True), Task.id.in_(task_ids))
        .with_for_update(of=(StepRun, Task))
    )
    asked = [Asked(*row) for row in rows]
    return sorted(asked, key=lambda run: (turn(run.enrollment_id, run.step_key), run.id))


def _send(uow: UnitOfWork, runs: Sequence[Asked], release: datetime, gap: timedelta) -> None:
    _end(uow, runs, "cancel", "late: sent all the same")
    now = uow.now.replace(microsecond=0)
    schedule(uow, [replace(due, planned=_at(due.planned, now)) for due in _dues(uow, runs)])
    turns = [
        {"enrollment": run.enrollment_id, "key": run.step_key, "act": release + gap * place}
        for place, run in enumerate(runs)
    ]
    uow.session.connection().execute(_TURN, turns)


def _at(planned: Planned, now: datetime) -> Planned:
    return replace(planned, at=now, local=wall_clock(now, str(planned.local.tzinfo)))


# Judged already, and by a person: it is not asked about again. One that a daily limit put off stays where it is.
_TURN = (
    sa.update(Message)
    .where(
        Message.enrollment_id == sa.bindparam("enrollment"),
        Message.step_key == sa.bindparam("key"),
        Message.state == MessageState.PENDING,
        Message.act_at < sa.bindparam("act"),
    )
    .values(act_at=sa.bindparam("act"), late_at=None)
)


def _next_slot(uow: UnitOfWork, runs: Sequence[Asked], _release: datetime, _gap: timedelta) -> None:
    _end(uow, runs, "cancel", "late: takes the next slot")
    slots = [
        replace(due, planned=next_slot(due.way.outline, due.way.start, due.planned, uow.now))
        for due in _dues(uow, runs)
    ]
    schedule(uow, slots)


def _skip(uow: UnitOfWork, runs: Sequence[Asked], release: datetime, _gap: timedelta) -> None:
    _end(uow, runs, "skip", "late: left out")
    go_on(uow, [run.enrollment_id for run in runs], release_at=release)


ANSWERS: dict[str, Callable[[UnitOfWork, Sequence[Asked], datetime, timedelta], None]] = {
    "send": _send,
    "next_slot": _next_slot,
    "skip": _skip,
}


def _end(uow: UnitOfWork, runs: Sequence[Asked], event: str, why: str) -> None:
    """The task that asked is over, and so is the step as it was planned."""
    ids = [run.id for run in runs]
    move_many(
        uow.session,
        TASK,
        Task,
        "cancel",
        Task.id.in_([run.task_id for run in runs]),
        ended_at=uow.now,
        note=why,
    )
    over = {"over_at": uow.now} if event == "skip" else {}
    move_many(uow.session, STEP_RUN, StepRun, event, StepRun.id.in_(ids), why=why, **over)
    uow.session.expire_all()


def _dues(uow: UnitOfWork, runs: Sequence[Asked]) -> Iterator[Due]:
    keys = {run.enrollment_id: run.step_key for run in runs}
    for way in ways_of(uow.session, keys):
        for planned in way.ahead():
            step = way.steps[planned.index]
            if step.key == keys[way.enrollment.id]:
                yield Due(way, step, planned)


def _waits() -> tuple[sa.ColumnElement[bool], ...]:
    """The step's own mail was too late, and the task that asks about it is open and nobody answers by hand."""
    return (
        Message.reason == "late",
        ~StepRun.is_task,
        StepRun.state == StepRunState.TASK_OPEN,
        Task.state == TaskState.OPEN,
        Task.message_id.is_(None),
    )


def _whose(actor: User, everybody: bool) -> list[sa.ColumnElement[bool]]:
    if not everybody:
        return [Task.assignee_id == actor.id]
    return [] if sees_every_team(actor) else [Task.team_id == actor.team_id]
