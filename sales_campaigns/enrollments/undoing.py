"""Undo what was done to tasks, within its time: what a completion released is taken back with it, or nothing is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import append_many
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN, WAITING
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import bring_back, cancel_many
from sales_campaigns.tasks.changing import read_back, told_of
from sales_campaigns.tasks.models import Task, TaskChange
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import about, reopen_tasks, tasks_of
from sales_campaigns.unit_of_work import UnitOfWork

UNDONE = "the completion before it was undone"
ENDINGS = {"completed", "skipped", "deleted"}


def undo_last(uow: UnitOfWork, actor: User, task_ids: Iterable[int], undo_seconds: int = 10) -> list[Task]:
    """Take back the last thing that was done to each of these tasks: all of them or none.

    Raises NotFound for tasks of another team, IllegalMove when the time for it is over.
    """
    tasks = list(tasks_of(uow, actor, task_ids))
    newest = _newest(uow, tasks, uow.now - uow.people_seconds(undo_seconds))
    if tasks and len(newest) != len(tasks):
        raise IllegalMove("It is too late to undo this.")
    _reverse(uow, tasks, newest)
    uow.session.execute(sa.delete(TaskChange).where(TaskChange.id.in_([one.id for one in newest.values()])))
    if tasks:
        data = {"name": tasks[0].name, "tasks": len(tasks)}
        uow.record("task.undone", actor_id=actor.id, **told_of(tasks), data=data)
    return tasks


def undo_act(uow: UnitOfWork, actor: User, batch_id: int, undo_seconds: int = 10) -> list[Task]:
    """The same for everything that one act changed, however many tasks that were. Raises IllegalMove."""
    changed = uow.session.scalars(sa.select(TaskChange.task_id).where(TaskChange.batch_id == batch_id)).all()
    if not changed:
        raise IllegalMove("It is too late to undo this, or it was undone already.")
    newest = sa.select(sa.func.max(TaskChange.batch_id)).where(TaskChange.task_id.in_(changed))
    tasks_of(uow, actor, changed)  # somebody else's act is not there, whatever became of it
    if uow.session.scalar(newest) != batch_id:
        raise IllegalMove("Something was done to one of these tasks since then.")
    return undo_last(uow, actor, changed, undo_seconds)


def undo_task(uow: UnitOfWork, actor: User, task: Task) -> None:
    """Open the task again. Raises IllegalMove when its time is over or what followed has left already."""
    _open_again(uow, [task])
    uow.record("task.open", actor_id=actor.id, **about(task))


def _newest(uow: UnitOfWork, tasks: Sequence[Task], since: datetime) -> dict[int, TaskChange]:
    rows = uow.session.scalars(
        sa.select(TaskChange)
        .where(TaskChange.task_id.in_([task.id for task in tasks]), TaskChange.at >= since)
        .order_by(TaskChange.id)
    )
    return {row.task_id: row for row in rows}


def _reverse(uow: UnitOfWork, tasks: Sequence[Task], newest: dict[int, TaskChange]) -> None:
    ended = [task for task in tasks if newest[task.id].what in ENDINGS]
    if ended:
        _open_again(uow, ended)
    together: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in newest.values():
        columns = read_back(one.before)
        together[tuple(columns)].append({"id": one.task_id, **columns})
    for names, rows in together.items():
        if names:
            uow.session.execute(sa.update(Task), rows)
    _bring_mails_back(uow, [row for rows in together.values() for row in rows if row.get("message_id")])


def _bring_mails_back(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Those that were to complete these tasks, and were cancelled with them."""
    if not rows:
        return
    uow.session.flush()
    mails = {row["id"]: row["message_id"] for row in rows}
    runs = sa.select(Task.step_run_id, Task.id).where(Task.id.in_(mails), Task.step_run_id.is_not(None))
    own = [{"id": run_id, "message_id": mails[id]} for run_id, id in uow.session.execute(runs)]
    if own:
        uow.session.execute(sa.update(StepRun), own)
    bring_back(uow, Message.id.in_(mails.values()))


def _open_again(uow: UnitOfWork, tasks: Sequence[Task]) -> None:
    reopen_tasks(uow, tasks)
    ids = [task.step_run_id for task in tasks if task.step_run_id]
    runs = uow.session.scalars(sa.select(StepRun).where(StepRun.id.in_(ids))).all() if ids else ()
    if not runs:
        return
    _take_back_what_followed(uow, [run.id for run in runs])
    move_many(uow.session, STEP_RUN, StepRun, "reopen", StepRun.id.in_(ids), over_at=None, sent_at=None)
    for run in runs:
        uow.session.expire(run)
    _go_on(uow, ids, tasks)


def _go_on(uow: UnitOfWork, run_ids: Sequence[int], tasks: Sequence[Task]) -> None:
    """A way that was finished by the last of its steps is under way again."""
    mine = sa.select(StepRun.enrollment_id).where(StepRun.id.in_(run_ids))
    again = move_many(uow.session, ENROLLMENT, Enrollment, "go_on", Enrollment.id.in_(mine), ended_at=None)
    told = [about(task) for task in tasks if task.enrollment_id in again]
    append_many(uow.session, uow.now, "enrollment.active", told)
    for enrollment in uow.session.scalars(sa.select(Enrollment).where(Enrollment.id.in_(again))):
        uow.session.refresh(enrollment)


def _take_back_what_followed(uow: UnitOfWork, run_ids: Sequence[int]) -> None:
    before = aliased(StepRun)
    later = uow.session.scalars(
        sa.select(StepRun)
        .join(before, sa.and_(before.enrollment_id == StepRun.enrollment_id, before.id < StepRun.id))
        .where(before.id.in_(run_ids), StepRun.state != "cancelled")
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
