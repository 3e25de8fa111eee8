"""Undo what was done to a task, within its time: what a completion released is taken back with it, or nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN, WAITING
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.tasks.models import Priority, Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import about, hand_on, prioritise, reopen, tasks_of, wake
from sales_campaigns.unit_of_work import UnitOfWork

UNDONE = "the completion before it was undone"
REVERSIBLE = ("task.completed", "task.skipped", "task.snoozed", "task.assigned", "task.prioritised")


def undo_last(uow: UnitOfWork, actor: User, task_ids: Iterable[int], undo_seconds: int = 10) -> list[Task]:
    """Take back the last thing that was done to each of these tasks: all of them or none.

    Raises NotFound for tasks of another team, IllegalMove when the time for it is over.
    """
    tasks = tasks_of(uow, actor, task_ids)
    since = uow.now - uow.people_seconds(undo_seconds)
    newest = _newest_deeds(uow, tasks, since)
    for task in tasks:
        if task.id not in newest:
            raise IllegalMove("It is too late to undo this.")
        _reverse(uow, actor, task, newest[task.id])
    return list(tasks)


def _newest_deeds(uow: UnitOfWork, tasks: Sequence[Task], since: datetime) -> dict[int, Activity]:
    rows = uow.session.scalars(
        sa.select(Activity)
        .where(
            Activity.team_id.in_({task.team_id for task in tasks}),
            Activity.at >= since,
            Activity.task_id.in_([task.id for task in tasks]),
            Activity.kind.in_(REVERSIBLE),
        )
        .order_by(Activity.id)
    )
    return {row.task_id: row for row in rows if row.task_id is not None}


def _reverse(uow: UnitOfWork, actor: User, task: Task, deed: Activity) -> None:
    before = deed.data.get("from")
    if deed.kind == "task.snoozed":
        wake(uow, actor, task, datetime.fromisoformat(before) if before else None)
    elif deed.kind == "task.assigned":
        hand_on(uow, actor, task, _user(uow, before))
    elif deed.kind == "task.prioritised":
        prioritise(uow, actor, task, Priority(str(before)))
    else:
        undo_task(uow, actor, task)


def _user(uow: UnitOfWork, user_id: object) -> User:
    user = uow.session.get(User, user_id)
    if user is None:
        raise NotFound("Whoever had this task is no longer there.")
    return user


def undo_task(uow: UnitOfWork, actor: User, task: Task) -> None:
    """Open the task again. Raises IllegalMove when its time is over or what followed has left already."""
    reopen(uow, actor, task)
    run = uow.session.get(StepRun, task.step_run_id) if task.step_run_id else None
    if run is None:
        return
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    _take_back_what_followed(uow, run)
    uow.move(STEP_RUN, run, "reopen", about=about(task), over_at=None, sent_at=None)
    if enrollment.state is EnrollmentState.FINISHED:
        uow.move(ENROLLMENT, enrollment, "go_on", about=about(task), ended_at=None)


def _take_back_what_followed(uow: UnitOfWork, run: StepRun) -> None:
    later = uow.session.scalars(
        sa.select(StepRun).where(
            StepRun.enrollment_id == run.enrollment_id, StepRun.id > run.id, StepRun.state != "cancelled"
        )
    ).all()
    if any(one.state not in WAITING for one in later):
        raise IllegalMove("It is too late to undo: the next step is over already.")
    messages = [one.message_id for one in later if one.message_id]
    if len(cancel_many(uow, UNDONE, Message.id.in_(messages))) != len(messages):
        raise IllegalMove("It is too late to undo: the next mail has left.")
    move_many(
        uow.session,
        TASK,
        Task,
        "cancel",
        Task.id.in_([one.task_id for one in later if one.task_id]),
        ended_at=uow.now,
    )
    move_many(uow.session, STEP_RUN, StepRun, "cancel", StepRun.id.in_([o.id for o in later]), why=UNDONE)
