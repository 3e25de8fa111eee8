"""Change a task afterwards: a reminder in all it says, a campaign's task in what is the rep's to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.changing import EDIT, change_many
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.tasks.working import check_reminder
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """What the form of a task holds. `assignee` None leaves it with whoever has it."""

    name: str
    due_at: datetime
    kind: TaskKind = TaskKind.CUSTOM
    person: Person | None = None
    details: str = ""
    priority: Priority = Priority.NORMAL
    assignee: User | None = None


def edit_task(uow: UnitOfWork, actor: User, task: Task, draft: TaskDraft) -> int | None:
    """Change what differs; the id of the act, for undoing, or None when nothing does. Raises Invalid.

    Name, type and person of a campaign's task are the campaign's.
    """
    check_reminder(task.team_id, draft.name, draft.assignee)
    if draft.assignee is not None and not draft.assignee.active:
        raise Invalid({"assignee": "Choose somebody who still works here."})
    new = {name: value for name, value in _columns(task, draft).items() if getattr(task, name) != value}
    if not new:
        return None
    return change_many(uow, actor, [task], EDIT, new, {"changed": sorted(new)})


def _columns(task: Task, draft: TaskDraft) -> dict[str, Any]:
    new: dict[str, Any] = {"details": draft.details, "priority": draft.priority}
    if draft.due_at != (task.snoozed_until or task.due_at):
        new |= {"due_at": draft.due_at, "snoozed_until": None}
    if draft.assignee is not None:
        new["assignee_id"] = draft.assignee.id
    if task.step_run_id is None:
        person_id = draft.person.id if draft.person is not None else None
        new |= {"name": draft.name.strip(), "kind": draft.kind, "person_id": person_id}
    return new
