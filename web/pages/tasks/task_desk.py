"""Everything about one task on one page: who it is about, what to say, and what to press."""

from __future__ import annotations

from typing import Any

from flask import url_for

from sales_campaigns.enrollments.composing import follow_up_after
from sales_campaigns.live_feed import history
from sales_campaigns.messages.outbox.drafting import draft_for_task
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.call_choices import choices_of
from sales_campaigns.tasks.history import changes_of
from sales_campaigns.tasks.models import ChoiceKind, Task, TaskKind, TaskState
from sales_campaigns.tasks.queue import TaskLine, task_line
from web.pages.tasks.task_changes import change_words
from web.parts.composer import Subject, opened
from web.parts.crm_links import task_link
from web.parts.feed_lines import items_of
from web.parts.mailbox_drafts import drafted
from web.parts.task_buttons import snooze_options
from web.parts.task_rows import TYPES, row, web_address
from web.request_scope import me, work


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
        **_call_lists(task),
        "changes": [change_words(one, me().zone) for one in changes_of(uow.session, task)],
        "snoozes": snooze_options(uow.now, me().zone),
        "teammates": owners(uow.session, me()),
        "skip_warning": skip_warning(task) if task.state is TaskState.OPEN else "",
        "back": url_for("tasks.index"),
        "in_crm": task_link(task),
        **drafted(task),
        **_composer(line),
    }


def _call_lists(task: Task) -> dict[str, Any]:
    """What a call may be ended with: outcomes by whether somebody was reached, and reasons."""
    if task.kind is not TaskKind.CALL:
        return {"outcomes": [], "reasons": []}
    kept = choices_of(work().session, task.team_id)
    return {
        "outcomes": [(one.name, one.name) for one in kept[ChoiceKind.OUTCOME]],
        "reasons": [("", "–"), *((one.name, one.name) for one in kept[ChoiceKind.REASON])],
    }


def skip_warning(task: Task) -> str:
    """What skipping an e-mail changes for a later step that follows up on it."""
    step = follow_up_after(work().session, task)
    if step is None:
        return ""
    return f"Day {step.day}, step {step.number} follows up on this mail: without it, it goes out as a new thread."


def _composer(line: TaskLine) -> dict[str, Any]:
    task, person = line.task, line.person
    if task.kind is not TaskKind.EMAIL or task.state is not TaskState.OPEN or person is None:
        return {"composer": None}
    kept = draft_for_task(work().session, me(), task.id)
    return {"composer": opened(Subject(person, task, draft=kept))}
