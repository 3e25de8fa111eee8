"""Snooze, give, prioritise, move: one act on one task or on many, with what was there before kept for undoing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.tasks.models import Priority, Task, TaskChange, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Deed:
    """A kind of act: the activity it writes, the word of its history, and the words of a refusal."""

    kind: str
    what: str
    refusal: str


SNOOZE = Deed("task.snoozed", "snoozed", "be snoozed")
ASSIGN = Deed("task.assigned", "assigned", "be handed on")
PRIORITISE = Deed("task.prioritised", "priority", "change its priority")
MOVE = Deed("task.moved", "due", "be moved")
EDIT = Deed("task.edited", "edited", "be changed")


def snooze_many(uow: UnitOfWork, actor: User, tasks: Sequence[Task], until: datetime) -> int:
    """The rule: snooze sets a new due date and keeps history. Raises Invalid for a time that has passed."""
    if until <= uow.now:
        raise Invalid({"until": "Choose a time that is still to come."})
    return change_many(uow, actor, tasks, SNOOZE, {"snoozed_until": until}, {"until": until.isoformat()})


def hand_on_many(uow: UnitOfWork, actor: User, tasks: Sequence[Task], assignee: User) -> int:
    """Give them to a teammate. Raises Invalid for somebody of another team."""
    if not assignee.active or any(task.team_id != assignee.team_id for task in tasks):
        raise Invalid({"assignee": "Choose somebody of the team."})
    told = {"to": assignee.id, "who": assignee.name}
    return change_many(uow, actor, tasks, ASSIGN, {"assignee_id": assignee.id}, told)


def prioritise_many(uow: UnitOfWork, actor: User, tasks: Sequence[Task], priority: Priority) -> int:
    return change_many(uow, actor, tasks, PRIORITISE, {"priority": priority}, {"to": priority.value})


def move_due(uow: UnitOfWork, actor: User, tasks: Sequence[Task], due_at: datetime) -> int:
    """Another due date, which ends a snooze."""
    new = {"due_at": due_at, "snoozed_until": None}
    return change_many(uow, actor, tasks, MOVE, new, {"to": due_at.isoformat()})


def change_many(
    uow: UnitOfWork,
    actor: User,
    tasks: Sequence[Task],
    deed: Deed,
    new: Mapping[str, Any],
    told: Mapping[str, Any],
) -> int:
    """Set these columns of open tasks in one statement; the id of the act, for undoing. Raises IllegalMove."""
    require(actor, "work_tasks")
    only_open(tasks, deed.refusal)
    before = {task.id: {name: getattr(task, name) for name in new} for task in tasks}
    _set(uow, tasks, new)
    return keep_history(uow, actor, tasks, deed, before, new, told)


def only_open(tasks: Sequence[Task], refusal: str) -> None:
    """Raises IllegalMove that names the first task which is over."""
    for task in tasks:
        if task.state is not TaskState.OPEN:
            raise IllegalMove(f"This task cannot {refusal}: {TASK.sentences[task.state]}")


def keep_history(
    uow: UnitOfWork,
    actor: User,
    tasks: Sequence[Task],
    deed: Deed,
    before: Mapping[int, Mapping[str, Any]],
    after: Mapping[str, Any],
    told: Mapping[str, Any],
) -> int:
    """One line of activity for the act, one change for each task; the id of the line."""
    data = {"name": tasks[0].name, "tasks": len(tasks), **told}
    act = uow.record(deed.kind, actor_id=actor.id, **told_of(tasks), data=data)
    uow.session.flush()
    note_changes(
        uow, actor, act.id, deed.what, {id: written(row) for id, row in before.items()}, written(after)
    )
    return act.id


def note_changes(
    uow: UnitOfWork, actor: User, batch_id: int, what: str, before: Mapping[int, str], after: str
) -> None:
    """`before` is by task."""
    rows = [
        {
            "batch_id": batch_id,
            "task_id": id,
            "at": uow.now,
            "actor_id": actor.id,
            "what": what,
            "before": words,
            "after": after,
        }
        for id, words in before.items()
    ]
    if rows:
        uow.session.execute(sa.insert(TaskChange), rows)


def told_of(tasks: Sequence[Task]) -> dict[str, Any]:
    """The columns of Activity that tell what an act is about: a task, or the team whose tasks they are."""
    if len(tasks) != 1:
        return {"team_id": tasks[0].team_id}
    (task,) = tasks
    return {
        "team_id": task.team_id,
        "person_id": task.person_id,
        "campaign_id": task.campaign_id,
        "enrollment_id": task.enrollment_id,
        "task_id": task.id,
    }


def written(values: Mapping[str, Any]) -> str:
    """Columns as a change keeps them."""
    return json.dumps({name: _plain(value) for name, value in values.items()})


def read_back(words: str) -> dict[str, Any]:
    """The columns of `written`, as the row holds them."""
    return {name: _READ.get(name, _same)(value) for name, value in json.loads(words or "{}").items()}


def _set(uow: UnitOfWork, tasks: Sequence[Task], new: Mapping[str, Any]) -> None:
    uow.session.flush()
    changed = uow.session.execute(
        sa.update(Task)
        .where(Task.id.in_([task.id for task in tasks]), Task.state == TaskState.OPEN)
        .values(dict(new))
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != len(tasks):  # type: ignore[attr-defined]
        raise IllegalMove("One of these tasks was finished meanwhile.")
    for task in tasks:
        for name, value in new.items():
            set_committed_value(task, name, value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Any] = {"due_at": _instant, "snoozed_until": _instant, "priority": Priority}
