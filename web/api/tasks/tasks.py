"""One task after the other: the queue, one task, and everything that is done with it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.enrollments.undoing import undo_last
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.people.listing import owners, person_of
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.history import changes_of
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.tasks.queue import counts, task_line, task_lines
from sales_campaigns.tasks.wanted import TO_DO, Group, Wanted
from sales_campaigns.tasks.working import delete_tasks, hand_on, prioritise, remind, snooze, task_of
from web.api.protocol import cursors
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Id, Instant, Line, Note, Page, Shown
from web.api.tasks.shapes import TaskShown, task_shown
from web.request_scope import me, settings, work

api = Area(
    "tasks", "What a rep does by hand: calls, InMails, custom work, and e-mails that are sent by hand."
)


class Narrowed(Asked):
    """What the list is narrowed to. Without `assignee_id` it is your own tasks."""

    kind: TaskKind | None = None
    campaign_id: Id | None = None
    person_id: Id | None = None
    priority: Priority | None = None
    outcome: Line | None = None
    assignee_id: Id | None = None
    everybody: bool = Field(False, description="The tasks of the whole team.")

    def wanted(self, groups: tuple[Group, ...]) -> Wanted:
        exact = self.model_dump(include={"kind", "campaign_id", "person_id", "priority", "outcome"})
        return Wanted(
            groups=groups, assignee_id=None if self.everybody else self.assignee_id or me().id, **exact
        )


class TasksAsked(Narrowed, AskedPage):
    """Which tasks: those to do now where no group is named."""

    group: list[Group] = Field(list(TO_DO), max_length=5, description="Given several times: several groups.")


class Count(Shown):
    kind: TaskKind
    group: Group
    number: int


class Counts(Shown):
    counts: list[Count]


class NewTask(Asked):
    name: Line = Field(min_length=1)
    due_at: Instant
    kind: TaskKind = TaskKind.CUSTOM
    person_id: Id | None = None
    details: Note = ""
    priority: Priority = Priority.NORMAL
    assignee_id: Id | None = Field(None, description="Yourself where nobody is named.")


class ChangedTask(Asked):
    """What is not given stays. Name, type and person of a campaign's task are the campaign's."""

    name: Line | None = Field(None, min_length=1)
    due_at: Instant | None = None
    kind: TaskKind | None = None
    person_id: Id | None = None
    details: Note | None = None
    priority: Priority | None = None
    assignee_id: Id | None = None


class Completed(Asked):
    outcome: Line = Field("", description="What a call came to, such as one of the team's outcomes.")
    reason: Line = ""
    note: Note = ""


class Skipped(Asked):
    note: Note = ""


class Snoozed(Asked):
    until: Instant


class Given(Asked):
    assignee_id: Id


class Prioritised(Asked):
    priority: Priority


class Gone(Asked):
    """How a campaign's task goes away: the step is skipped, or the campaign ends for that person."""

    instead: str = Field("", pattern="^(|skip|end)$")


class Change(Shown):
    at: AwareDatetime
    who: str
    what: str
    before: dict[str, Any]
    after: dict[str, Any]


class Changes(Shown):
    changes: list[Change]


@api.get("/tasks")
def list_tasks(query: TasksAsked) -> Page[TaskShown]:
    """Tasks by when they are due now; done ones alone, the newest first."""
    uow, wanted = work(), query.wanted(tuple(dict.fromkeys(query.group)))
    after = cursors.read(query.after, str) or ""
    lines, more = task_lines(uow.session, me(), wanted, uow.now, after=after, limit=query.limit)
    return Page[TaskShown](items=[task_shown(line) for line in lines], after=cursors.written(more))


@api.get("/tasks/counts")
def count_tasks(query: Narrowed) -> Counts:
    """How many tasks stand in each group, by type; done are those of today."""
    uow = work()
    found = counts(uow.session, me(), query.wanted(TO_DO), uow.now).by_kind
    return Counts(
        counts=[
            Count(kind=kind, group=group, number=number)
            for kind, groups in found.items()
            for group, number in groups.items()
        ]
    )


@api.get("/tasks/<int:task_id>")
def get_task(task_id: int) -> TaskShown:
    """One task."""
    return task_shown(task_line(work().session, me(), task_id, work().now))


@api.get("/tasks/<int:task_id>/history")
def get_task_history(task_id: int) -> Changes:
    """What was done to a task, the oldest first."""
    task = task_line(work().session, me(), task_id, work().now).task
    return Changes(
        changes=[
            Change(
                at=line.change.at,
                who=line.actor,
                what=line.change.what,
                before=_plain(line.before),
                after=_plain(line.after) or {"outcome": line.change.after},
            )
            for line in changes_of(work().session, task)
        ]
    )


@api.post(
    "/tasks",
    status=201,
    example={"name": "Call Maria back", "due_at": "2026-12-02T09:00:00+01:00", "kind": "call"},
)
def create_task(body: NewTask) -> TaskShown:
    """A reminder: a task of your own, or for a teammate."""
    task = remind(
        work(),
        me(),
        **body.model_dump(include={"name", "due_at", "kind", "details", "priority"}),
        person=_person(body.person_id),
        assignee=teammate(body.assignee_id),
    )
    return _now(task)


@api.patch("/tasks/<int:task_id>", edits=Edits(Task, get_task), example={"priority": "high"})
def change_task(task_id: int, body: ChangedTask) -> TaskShown:
    """Change what is given."""
    task, given = task_of(work(), me(), task_id), body.model_dump(exclude_none=True)
    if task.step_run_id is not None and given.keys() & {"name", "kind", "person_id"}:
        raise Invalid(dict.fromkeys(given.keys() & {"name", "kind", "person_id"}, "This is the campaign's."))
    person = _person(body.person_id or task.person_id)
    edit_task(work(), me(), task, _draft(task, given, person))
    return _now(task)


@api.post("/tasks/<int:task_id>/complete", example={"outcome": "Talked to them"})
def complete(task_id: int, body: Completed) -> TaskShown:
    """Complete it; the campaign goes on. Completed before, it stays as it was."""
    task = task_of(work(), me(), task_id)
    complete_task(work(), me(), task, **body.model_dump(), undo_seconds=settings().undo_seconds)
    return _now(task)


@api.post("/tasks/<int:task_id>/skip", example={})
def skip(task_id: int, body: Skipped) -> TaskShown:
    """Skip it; the campaign goes on without it."""
    task = task_of(work(), me(), task_id)
    skip_task(work(), me(), task, note=body.note, undo_seconds=settings().undo_seconds)
    return _now(task)


@api.post("/tasks/<int:task_id>/snooze", example={"until": "2026-12-03T09:00:00+01:00"})
def snooze_task(task_id: int, body: Snoozed) -> TaskShown:
    """Give it a new due date."""
    task = task_of(work(), me(), task_id)
    snooze(work(), me(), task, body.until)
    return _now(task)


@api.post("/tasks/<int:task_id>/assign", example={"assignee_id": 1})
def assign_task(task_id: int, body: Given) -> TaskShown:
    """Give it to a teammate."""
    task, assignee = task_of(work(), me(), task_id), teammate(body.assignee_id)
    assert assignee is not None
    hand_on(work(), me(), task, assignee)
    return _now(task)


@api.post("/tasks/<int:task_id>/priority", example={"priority": "high"})
def prioritise_task(task_id: int, body: Prioritised) -> TaskShown:
    """High or normal."""
    task = task_of(work(), me(), task_id)
    prioritise(work(), me(), task, body.priority)
    return _now(task)


@api.post("/tasks/<int:task_id>/undo")
def undo_task(task_id: int) -> TaskShown:
    """Take back what was last done to it, within the time for undoing (setting UNDO_SECONDS)."""
    (task,) = undo_last(work(), me(), [task_id], settings().undo_seconds)
    return _now(task)


@api.post("/tasks/<int:task_id>/delete", status=204, example={"instead": "skip"})
def delete_task(task_id: int, body: Gone) -> None:
    """Delete a reminder. For a campaign's task say what happens instead: `skip` the step, or `end` the campaign."""
    task = task_of(work(), me(), task_id)
    if task.step_run_id is None:
        delete_tasks(work(), me(), [task], work().now + work().people_seconds(settings().undo_seconds))
    elif body.instead == "skip":
        skip_task(work(), me(), task, undo_seconds=settings().undo_seconds)
    elif body.instead == "end":
        end_people(work(), me(), [work().session.get_one(Enrollment, task.enrollment_id)])
    else:
        raise IllegalMove("This task belongs to a campaign: say in “instead” whether to skip or to end.")


def teammate(user_id: int | None) -> User | None:
    """An active user of the team; nobody for nothing. Raises Invalid."""
    if user_id is None:
        return None
    for user in owners(work().session, me()):
        if user.id == user_id:
            return user
    raise Invalid({"assignee_id": "Choose somebody of the team."})


def _person(person_id: int | None) -> Person | None:
    return person_of(work().session, me(), person_id) if person_id is not None else None


def _now(task: Task) -> TaskShown:
    work().session.flush()
    return get_task(task.id)


def _draft(task: Task, given: dict[str, Any], person: Person | None) -> TaskDraft:
    kept = {name: getattr(task, name) for name in ("name", "kind", "details", "priority")}
    due_at = task.snoozed_until or task.due_at
    told = {name: value for name, value in given.items() if name not in {"person_id", "assignee_id"}}
    return TaskDraft(
        **{**kept, "due_at": due_at, **told, "person": person, "assignee": teammate(given.get("assignee_id"))}
    )


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, "value", value) for name, value in columns.items()}
