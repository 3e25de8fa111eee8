"""Everything about one task on one page: who it is about, what to say, and what to press."""

from __future__ import annotations

from typing import Any

from flask import url_for

from sales_campaigns.enrollments.composing import follow_up_after
from sales_campaigns.live_feed import history
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.outcomes import CALL_OUTCOMES
from sales_campaigns.tasks.queue import TaskLine, task_line
from web.composer import Subject, opened
from web.feed_lines import items_of
from web.request_scope import me, work
from web.task_rows import TYPES, row, snooze_options, web_address


def desk(task_id: int) -> dict[str, Any]:
    """What the page of one task shows. Raises NotFound."""
    return desk_of(task_line(work().session, me(), task_id, work().now))


def desk_of(line: TaskLine) -> dict[str, Any]:
    """The same for a task that was read already. For an e-mail task its composer is part of it."""
    uow, task = work(), line.task
    person = line.person
    happened = history(uow.session, me(), person.id, 12) if person is not None else []
    return {
        "line": line,
        "row": row(line, uow.now, me().id),
        "type": TYPES[task.kind],
        "linkedin": web_address(person.linkedin_url) if person is not None else "",
        "history": items_of(happened, uow.now, me().zone),
        "outcomes": [(one, one) for one in CALL_OUTCOMES] if task.kind is TaskKind.CALL else [],
        "snoozes": snooze_options(uow.now, me().zone),
        "teammates": owners(uow.session, me()),
        "skip_warning": skip_warning(task) if task.state is TaskState.OPEN else "",
        "back": url_for("tasks.index"),
        **_composer(line),
    }


def skip_warning(task: Task) -> str:
    """What skipping an e-mail changes for a later step that follows up on it."""
    step = follow_up_after(work().session, task)
    if step is None:
        return ""
    return f"Day {step.day}, step {step.number} follows up on this mail: without it, it begins a new conversation."


def _composer(line: TaskLine) -> dict[str, Any]:
    task, person = line.task, line.person
    if task.kind is not TaskKind.EMAIL or task.state is not TaskState.OPEN or person is None:
        return {"composer": None}
    return {"composer": opened(Subject(person, task))}
