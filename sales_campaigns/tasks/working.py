"""What a rep does with a task: finish, open again, snooze, hand on. What follows from it is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.activity import append_many
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.lifecycle import move_many
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.changing import (
    hand_on_many,
    note_changes,
    prioritise_many,
    snooze_many,
    told_of,
    written,
)
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

NO_MAILS: Mapping[int, int] = {}
ENDS = {"complete": TaskState.COMPLETED, "skip": TaskState.SKIPPED}


def task_of(uow: UnitOfWork, actor: User, task_id: int) -> Task:
    """A task of the actor's team, locked against a second completion. Raises NotFound."""
    query = sa.select(Task).where(Task.id == task_id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Task.team_id == actor.team_id)
    task = uow.session.scalar(query)
    if task is None:
        raise NotFound("This task is not there, or it belongs to another team.")
    return task


def tasks_of(uow: UnitOfWork, actor: User, task_ids: Iterable[int]) -> Sequence[Task]:
    """Several, locked in order of id. Raises NotFound when one of them is missing or of another team."""
    ids = sorted(set(task_ids))
    query = sa.select(Task).where(Task.id.in_(ids)).order_by(Task.id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Task.team_id == actor.team_id)
    found = uow.session.scalars(query).all()
    if len(found) != len(ids):
        raise NotFound("One of these tasks is not there, or it belongs to another team.")
    return found


def tasks_with_mails(uow: UnitOfWork, actor: User, message_ids: Iterable[int]) -> Sequence[Task]:
    """The open tasks that these messages are to complete, locked."""
    waiting = sa.select(Task.id).where(Task.message_id.in_(list(message_ids)), Task.state == TaskState.OPEN)
    return tasks_of(uow, actor, uow.session.scalars(waiting))


def finish_tasks(
    uow: UnitOfWork,
    actor: User,
    tasks: Sequence[Task],
    event: str,
    *,
    undo_until: datetime,
    outcome: str = "",
    reason: str = "",
    note: str = "",
    mails: Mapping[int, int] = NO_MAILS,
) -> list[Task]:
    """Complete or skip; those that were not so before. Raises IllegalMove when one ended otherwise.

    What it writes over is kept for undoing, with the `mails`, by task, that were to complete them.
    """
    require(actor, "work_tasks")
    _check_words(outcome, reason)
    said = {"outcome": outcome, "reason": reason, **({"note": note} if note else {})}
    before = {task.id: _written_over(task, said, mails) for task in tasks}
    ended = _end(uow, tasks, event, {"ended_at": uow.now, "undo_until": undo_until, **said})
    told = [
        {
            **about(task),
            "actor_id": actor.id,
            "data": {"outcome": outcome, "reason": reason, "name": task.name},
        }
        for task in ended
    ]
    lines = append_many(uow.session, uow.now, f"task.{ENDS[event].value}", told)
    if lines:
        kept = {task.id: before[task.id] for task in ended}
        note_changes(uow, actor, min(lines), ENDS[event].value, kept, outcome)
    return ended


def _written_over(task: Task, said: Iterable[str], mails: Mapping[int, int]) -> str:
    mail = {"message_id": mails[task.id]} if task.id in mails else {}
    return written({**{name: getattr(task, name) for name in said}, **mail})


def finish_task(
    uow: UnitOfWork,
    actor: User,
    task: Task,
    event: str,
    *,
    undo_until: datetime,
    outcome: str = "",
    reason: str = "",
    note: str = "",
) -> bool:
    """The same for one; False when exactly that was done before."""
    return bool(
        finish_tasks(
            uow, actor, [task], event, undo_until=undo_until, outcome=outcome, reason=reason, note=note
        )
    )


def delete_tasks(uow: UnitOfWork, actor: User, tasks: Sequence[Task], undo_until: datetime) -> None:
    """Take reminders away. Raises IllegalMove for a task of a campaign: its step must be skipped or ended."""
    require(actor, "work_tasks")
    if any(task.step_run_id is not None for task in tasks):
        raise IllegalMove(
            "A campaign waits for this task: skip its step, or end the campaign for this person."
        )
    if any(task.message_id is not None and task.state is TaskState.OPEN for task in tasks):
        raise IllegalMove("Its mail is on its way. Cancel the mail first.")
    gone = _end(uow, tasks, "delete", {"ended_at": uow.now, "undo_until": undo_until})
    if gone:
        told = {"name": gone[0].name, "tasks": len(gone)}
        act = uow.record("task.deleted", actor_id=actor.id, **told_of(gone), data=told)
        uow.session.flush()
        note_changes(uow, actor, act.id, "deleted", {task.id: "" for task in gone}, "")


def reopen_tasks(uow: UnitOfWork, tasks: Sequence[Task]) -> None:
    """Undo. Raises IllegalMove when the time for it is over."""
    wanted = [Task.id.in_([task.id for task in tasks]), Task.undo_until >= uow.now]
    empty = {"ended_at": None, "undo_until": None}
    uow.session.flush()
    if len(move_many(uow.session, TASK, Task, "reopen", *wanted, **empty)) != len(tasks):
        raise IllegalMove("It is too late to undo: what followed may have left already.")
    for task in tasks:
        _committed(task, {"state": TaskState.OPEN, **empty})


def snooze(uow: UnitOfWork, actor: User, task: Task, until: datetime) -> None:
    """Hide it until then. Raises Invalid for a time that has passed."""
    snooze_many(uow, actor, [task], until)


def hand_on(uow: UnitOfWork, actor: User, task: Task, assignee: User) -> None:
    """Give it to a teammate. Raises Invalid for somebody of another team."""
    hand_on_many(uow, actor, [task], assignee)


def prioritise(uow: UnitOfWork, actor: User, task: Task, priority: Priority) -> None:
    prioritise_many(uow, actor, [task], priority)


def remind(
    uow: UnitOfWork,
    actor: User,
    *,
    name: str,
    due_at: datetime,
    kind: TaskKind = TaskKind.CUSTOM,
    person: Person | None = None,
    details: str = "",
    priority: Priority = Priority.NORMAL,
    assignee: User | None = None,
    origin_id: int | None = None,
) -> Task:
    """A task of one's own, or for a teammate; `origin_id` is the mail it was made from. Raises Invalid."""
    require(actor, "work_tasks")
    check_reminder(actor.team_id, name, assignee)
    task = Task(
        team_id=actor.team_id,
        assignee_id=(assignee or actor).id,
        person_id=person.id if person else None,
        kind=kind,
        name=name.strip(),
        details=details,
        priority=priority,
        due_at=due_at,
        origin_id=origin_id,
        created_at=uow.now,
    )
    uow.session.add(task)
    uow.session.flush()
    uow.record("task.opened", actor_id=actor.id, **about(task), data={"kind": kind.value, "name": task.name})
    return task


def about(task: Task) -> dict[str, Any]:
    """The columns of Activity that tell what a task is about."""
    return told_of([task])


def check_reminder(team_id: int, name: str, assignee: User | None) -> None:
    """Raises Invalid with everything that is wrong."""
    problems = {}
    if not name.strip():
        problems["name"] = "Say what is to be done."
    elif len(name) > 300:
        problems["name"] = "Use 300 characters or fewer."
    if assignee is not None and assignee.team_id != team_id:
        problems["assignee"] = "Choose somebody of your team."
    if problems:
        raise Invalid(problems)


def _end(uow: UnitOfWork, tasks: Sequence[Task], event: str, new: dict[str, Any]) -> list[Task]:
    """Move what is open in one statement; what is there already stays. Raises IllegalMove with its sentence."""
    target = TASK.target(event)
    waiting = [task for task in tasks if task.state is not target]
    uow.session.flush()
    moved = set(move_many(uow.session, TASK, Task, event, Task.id.in_([one.id for one in waiting]), **new))
    for task in waiting:
        if task.id not in moved:
            uow.session.refresh(task)
            if task.state is not target:
                raise IllegalMove(f"This task cannot {event}: {TASK.sentences[task.state]}")
    ended = [task for task in waiting if task.id in moved]
    for task in ended:
        _committed(task, {"state": target, **new})
    return ended


def _committed(task: Task, values: dict[str, Any]) -> None:
    for name, value in values.items():
        set_committed_value(task, name, value)


def _check_words(outcome: str, reason: str) -> None:
    words = {"outcome": outcome, "reason": reason}
    too_long = "Use 80 characters or fewer; the rest belongs in the note."
    problems = {name: too_long for name, value in words.items() if len(value) > 80}
    if problems:
        raise Invalid(problems)
