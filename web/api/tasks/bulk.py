"""The same for many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from sales_campaigns.enrollments.progress import complete_tasks, skip_tasks
from sales_campaigns.enrollments.undoing import undo_last
from sales_campaigns.errors import IllegalMove
from sales_campaigns.tasks.changing import hand_on_many, move_due, prioritise_many, snooze_many
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.queue import visible_ids
from sales_campaigns.tasks.working import delete_tasks, tasks_of
from web.api.protocol.bulk import missing, results_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Ids, Instant, Line, Note, Results
from web.api.tasks.tasks import teammate
from web.request_scope import me, settings, work

api = Area("tasks", "")


class TaskAct(StrEnum):
    COMPLETE = "complete"
    SKIP = "skip"
    SNOOZE = "snooze"
    MOVE = "move"
    ASSIGN = "assign"
    PRIORITISE = "prioritise"
    DELETE = "delete"


NEEDS = {
    TaskAct.SNOOZE: "until",
    TaskAct.MOVE: "due_at",
    TaskAct.ASSIGN: "assignee_id",
    TaskAct.PRIORITISE: "priority",
}


class BulkTasks(Asked):
    """`until` for snooze, `due_at` for move, `assignee_id` for assign, `priority` for prioritise."""

    do: TaskAct
    tasks: Ids
    until: Instant | None = None
    due_at: Instant | None = None
    assignee_id: Id | None = None
    priority: Priority | None = None
    outcome: Line = ""
    note: Note = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = NEEDS.get(self.do)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"“{self.do.value}” needs {needed}")
        return self


class UndoneTasks(Asked):
    tasks: Ids


@api.post("/tasks/bulk", example={"do": "complete", "tasks": [1, 2]})
def change_tasks(body: BulkTasks) -> Results:
    """One act on up to 200 tasks. Those that can be done are done together; the result says which could not."""
    ids = list(dict.fromkeys(body.tasks))
    seen = visible_ids(work().session, me(), ids)
    tasks = tasks_of(work(), me(), seen)
    reasons = {task.id: _why_not(body.do, task) for task in tasks}
    can_be_done = [task for task in tasks if not reasons[task.id]]
    if can_be_done:
        _act(body, can_be_done)
    stays = {task_id: IllegalMove(words) for task_id, words in reasons.items() if words}
    return results_of(ids, {**missing(ids, seen), **stays})


@api.post("/tasks/undo", example={"tasks": [1]})
def undo_tasks(body: UndoneTasks) -> Results:
    """Take back what was last done to these tasks: all of them, or none where it is too late for one."""
    undo_last(work(), me(), body.tasks, settings().undo_seconds)
    return results_of(body.tasks, {})


def _why_not(do: TaskAct, task: Task) -> str:
    """Why this one stays as it is, "" where it can be done."""
    if task.state is not TaskState.OPEN:
        return "This task has ended already."
    if task.message_id is not None and do in {TaskAct.COMPLETE, TaskAct.DELETE}:
        return "Its mail is on its way. Cancel the mail first."
    if task.step_run_id is not None and do is TaskAct.DELETE:
        return "A campaign waits for this task: skip its step, or end the campaign for this person."
    return ""


def _act(body: BulkTasks, tasks: Sequence[Task]) -> None:
    uow, seconds = work(), settings().undo_seconds
    match body.do:
        case TaskAct.COMPLETE:
            complete_tasks(uow, me(), tasks, outcome=body.outcome, note=body.note, undo_seconds=seconds)
        case TaskAct.SKIP:
            skip_tasks(uow, me(), tasks, note=body.note, undo_seconds=seconds)
        case TaskAct.DELETE:
            delete_tasks(uow, me(), tasks, uow.now + uow.people_seconds(seconds))
        case _:
            _change(body, tasks)


def _change(body: BulkTasks, tasks: Sequence[Task]) -> None:
    if body.until is not None and body.do is TaskAct.SNOOZE:
        snooze_many(work(), me(), tasks, body.until)
    if body.due_at is not None and body.do is TaskAct.MOVE:
        move_due(work(), me(), tasks, body.due_at)
    if body.priority is not None and body.do is TaskAct.PRIORITISE:
        prioritise_many(work(), me(), tasks, body.priority)
    assignee = teammate(body.assignee_id)
    if assignee is not None and body.do is TaskAct.ASSIGN:
        hand_on_many(work(), me(), tasks, assignee)
