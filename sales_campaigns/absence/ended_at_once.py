"""End many tasks at once, and open them again: their steps are over, and the next ones follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN, WAITING
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
UNDONE = "the rescue before it was undone"


def end_tasks(uow: UnitOfWork, event: str, task_ids: Sequence[int], undo_until: datetime) -> None:
    """`event` is complete (without an outcome) or skip. What follows is not handed over before `undo_until`."""
    for first in range(0, len(task_ids), CHUNK):
        ids = task_ids[first : first + CHUNK]
        ended = {"ended_at": uow.now, "undo_until": undo_until}
        done = move_many(uow.session, TASK, Task, event, Task.id.in_(ids), **ended)
        runs = sa.select(Task.step_run_id).where(Task.id.in_(done), Task.step_run_id.is_not(None))
        _end_runs(uow, "finish" if event == "complete" else "skip", runs, undo_until)


def open_again(uow: UnitOfWork, task_ids: sa.Select[int]) -> int:
    """Undo: what followed is taken back with it, or nothing is. Raises IllegalMove when something has left."""
    again = {"ended_at": None, "undo_until": None}
    tasks = move_many(uow.session, TASK, Task, "reopen", Task.id.in_(task_ids), **again)
    runs = list(
        uow.session.scalars(
            sa.select(Task.step_run_id).where(Task.id.in_(tasks), Task.step_run_id.is_not(None))
        )
    )
    for first in range(0, len(runs), CHUNK):
        _reopen_runs(uow, [run for run in runs[first : first + CHUNK] if run is not None])
    return len(tasks)


def _end_runs(uow: UnitOfWork, event: str, runs: sa.Select[int | None], undo_until: datetime) -> None:
    ended = move_many(uow.session, STEP_RUN, StepRun, event, StepRun.id.in_(runs), over_at=uow.now)
    uow.session.expire_all()
    mine = uow.session.scalars(sa.select(StepRun.enrollment_id).where(StepRun.id.in_(ended)))
    go_on(uow, mine, release_at=undo_until)


def _reopen_runs(uow: UnitOfWork, runs: list[int]) -> None:
    mine = sa.select(StepRun.enrollment_id).where(StepRun.id.in_(runs))
    _take_back_what_followed(uow, runs, list(uow.session.scalars(mine)))
    move_many(uow.session, STEP_RUN, StepRun, "reopen", StepRun.id.in_(runs), over_at=None)
    finished = (Enrollment.id.in_(mine), Enrollment.state == EnrollmentState.FINISHED)
    move_many(uow.session, ENROLLMENT, Enrollment, "go_on", *finished, ended_at=None)


def _take_back_what_followed(uow: UnitOfWork, runs: list[int], enrollments: list[int]) -> None:
    own = sa.orm.aliased(StepRun)
    later = uow.session.execute(
        sa.select(StepRun.id, StepRun.message_id, StepRun.task_id, StepRun.state)
        .join(own, sa.and_(own.enrollment_id == StepRun.enrollment_id, own.id < StepRun.id))
        .where(
            own.id.in_(runs), StepRun.enrollment_id.in_(enrollments), StepRun.state != StepRunState.CANCELLED
        )
    ).all()
    messages = [one.message_id for one in later if one.message_id]
    too_late = any(one.state not in WAITING for one in later)
    if too_late or len(cancel_many(uow, UNDONE, Message.id.in_(messages))) != len(messages):
        raise IllegalMove("It is too late to undo: a next step is over, or its mail has left.")
    tasks = [one.task_id for one in later if one.task_id]
    move_many(uow.session, TASK, Task, "cancel", Task.id.in_(tasks), ended_at=uow.now)
    move_many(uow.session, STEP_RUN, StepRun, "cancel", StepRun.id.in_([o.id for o in later]), why=UNDONE)
