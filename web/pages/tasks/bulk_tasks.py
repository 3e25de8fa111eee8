"""The same for many tasks at once: those that were chosen, or all that match on whatever page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.composing import threads_broken
from sales_campaigns.enrollments.progress import complete_tasks, skip_tasks
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.changing import hand_on_many, move_due, prioritise_many, snooze_many
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.queue import matching_ids
from sales_campaigns.tasks.working import delete_tasks, tasks_of
from web.answers import go
from web.filters import count_words, when_words
from web.numbers import whole
from web.pages.tasks.tasks import teammate, undo_url
from web.parts.task_filters import wanted_in
from web.parts.typed_times import instant_of
from web.parts.way_back import way_back
from web.request_scope import me, settings, work

pages = Blueprint("bulk_tasks", __name__)
AT_MOST = 5_000


@pages.post("/tasks/bulk")
def bulk() -> Response:
    tasks, left_alone = _all_matching() if "all" in request.form else (_chosen(), 0)
    if not tasks:
        raise Invalid("Choose at least one task first.")
    words = BULK.get(request.form.get("do", ""), _complete)(tasks)
    if left_alone:
        words += f" {count_words(left_alone, 'task')} whose mail is on its way stayed as it was."
    work().session.flush()
    return go(way_back(url_for("tasks.index")), words, undo_url(tasks))


def _chosen() -> Sequence[Task]:
    return tasks_of(work(), me(), request.form.getlist("task", type=whole))


def _all_matching() -> tuple[Sequence[Task], int]:
    """What the list shows on whatever page, and how many of it wait for their mail. Raises Invalid for too many."""
    uow = work()
    ids = matching_ids(uow.session, me(), wanted_in(request.args), uow.now, AT_MOST + 1)
    if len(ids) > AT_MOST:
        raise Invalid(f"More than {AT_MOST:,} tasks match. Narrow the list first.")
    found = [task for task in tasks_of(uow, me(), ids) if task.state is TaskState.OPEN]
    free = [task for task in found if task.message_id is None]
    return free, len(found) - len(free)


def _complete(tasks: Sequence[Task]) -> str:
    complete_tasks(work(), me(), tasks, undo_seconds=settings().undo_seconds)
    return f"{count_words(len(tasks), 'task')} done."


def _skip(tasks: Sequence[Task]) -> str:
    broken = threads_broken(work().session, tasks)
    skip_tasks(work(), me(), tasks, undo_seconds=settings().undo_seconds)
    words = f"{count_words(len(tasks), 'task')} skipped."
    if broken:
        steps = "a later step goes" if broken == 1 else f"{broken:,} later steps go"
        words += f" Without these mails, {steps} out as a new thread."
    return words


def _snooze(tasks: Sequence[Task]) -> str:
    until = instant_of(request.form.get("until", ""), me().zone, "until")
    snooze_many(work(), me(), tasks, until)
    return f"{count_words(len(tasks), 'task')} snoozed until {when_words(until, me().zone)}."


def _move(tasks: Sequence[Task]) -> str:
    due = instant_of(request.form.get("due", ""), me().zone, "due")
    move_due(work(), me(), tasks, due)
    return f"{count_words(len(tasks), 'task')} due {when_words(due, me().zone)}."


def _assign(tasks: Sequence[Task]) -> str:
    assignee = teammate(request.form.get("assignee", type=whole))
    hand_on_many(work(), me(), tasks, assignee)
    return f"{count_words(len(tasks), 'task')} given to {assignee.name}."


def _high(tasks: Sequence[Task]) -> str:
    prioritise_many(work(), me(), tasks, Priority.HIGH)
    return f"{count_words(len(tasks), 'task')} set to high priority."


def _normal(tasks: Sequence[Task]) -> str:
    prioritise_many(work(), me(), tasks, Priority.NORMAL)
    return f"{count_words(len(tasks), 'task')} set to normal priority."


def _delete(tasks: Sequence[Task]) -> str:
    delete_tasks(work(), me(), tasks, work().now + work().people_seconds(settings().undo_seconds))
    return f"{count_words(len(tasks), 'task')} deleted."


BULK: dict[str, Callable[[Sequence[Task]], str]] = {
    "complete": _complete,
    "skip": _skip,
    "snooze": _snooze,
    "due": _move,
    "assign": _assign,
    "high": _high,
    "normal": _normal,
    "delete": _delete,
}
