"""Tasks as programs see them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Priority, TaskKind, TaskState
from sales_campaigns.tasks.queue import TaskLine
from sales_campaigns.tasks.wanted import Group
from web.api.protocol.shapes import Shown


class PersonOfTask(Shown):
    id: int
    name: str
    email: str
    company: str
    phone: str
    linkedin_url: str


class TaskShown(Shown):
    PASSING: ClassVar[frozenset[str]] = frozenset({"group", "now_due_at", "warning"})

    id: int
    kind: TaskKind
    name: str
    details: str
    note: str
    priority: Priority
    state: TaskState
    group: Group | None = Field(description="Where it stands today, in the time zone of whoever has it.")
    due_at: AwareDatetime
    snoozed_until: AwareDatetime | None
    now_due_at: AwareDatetime = Field(
        description="After a snooze, or when its mail leaves, or when it ended."
    )
    assignee_id: int
    assignee: str
    person: PersonOfTask | None
    campaign_id: int | None
    enrollment_id: int | None
    step_label: str
    message_id: int | None
    outcome: str
    reason: str
    ended_at: AwareDatetime | None
    warning: str = Field(description="Why the person must not be mailed; empty where mail is allowed.")


def task_shown(line: TaskLine) -> TaskShown:
    task = line.task
    return TaskShown(
        **{name: getattr(task, name) for name in OF_THE_ROW},
        group=line.group or None,
        now_due_at=line.moment,
        assignee=line.assignee.name,
        person=_person(line.person),
        warning=line.warning,
    )


def _person(person: Person | None) -> PersonOfTask | None:
    return PersonOfTask.model_validate(person) if person is not None else None


BESIDE = {"group", "now_due_at", "assignee", "person", "warning"}
OF_THE_ROW = tuple(name for name in TaskShown.model_fields if name not in BESIDE)
