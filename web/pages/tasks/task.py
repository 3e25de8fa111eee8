"""One task: its page, and everything that a button of its row does."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.models import Priority
from sales_campaigns.tasks.working import hand_on, prioritise, snooze, task_of
from web.answers import go, is_htmx, page
from web.filters import when_words
from web.numbers import whole
from web.pages.tasks.task_desk import desk, skip_warning
from web.pages.tasks.tasks import acted, teammate, undo_url
from web.parts.typed_times import instant_of
from web.parts.way_back import way_back
from web.request_scope import me, settings, work

pages = Blueprint("task", __name__)


@pages.get("/tasks/<int:task_id>")
def show(task_id: int) -> str:
    return page("tasks/show.html", **desk(task_id), problems={}, typed={})


@pages.post("/tasks/<int:task_id>/done")
def done(task_id: int) -> Response | str | tuple[str, int]:
    task = task_of(work(), me(), task_id)
    typed = request.form
    try:
        outcome = typed.get("outcome", "") or typed.get("other_outcome", "").strip()
        note = typed.get("note", "").strip()
        complete_task(
            work(),
            me(),
            task,
            outcome=outcome,
            reason=typed.get("reason", ""),
            note=note,
            undo_seconds=settings().undo_seconds,
        )
    except Invalid as error:
        return page("tasks/show.html", **desk(task_id), problems=error.problems, typed=typed), 422
    return acted([task], f"Done: {task.name}.")


@pages.post("/tasks/<int:task_id>/skip")
def skip_it(task_id: int) -> Response | str:
    task = task_of(work(), me(), task_id)
    warning = skip_warning(task)
    skip_task(work(), me(), task, undo_seconds=settings().undo_seconds)
    return acted([task], " ".join(filter(None, [f"Skipped: {task.name}.", warning])))


@pages.post("/tasks/<int:task_id>/snooze")
def snooze_it(task_id: int) -> Response | str | tuple[str, int]:
    task, typed = task_of(work(), me(), task_id), request.form
    try:
        until = instant_of(typed.get("until", "") or typed.get("until_local", ""), me().zone, "until")
        snooze(work(), me(), task, until)
    except Invalid as error:
        if is_htmx():
            raise
        return page("tasks/show.html", **desk(task_id), problems=error.problems, typed=typed), 422
    return acted([task], f"Snoozed until {when_words(until, me().zone)}.")


@pages.post("/tasks/<int:task_id>/assign")
def assign_it(task_id: int) -> Response:
    task = task_of(work(), me(), task_id)
    assignee = teammate(request.form.get("assignee", type=whole))
    hand_on(work(), me(), task, assignee)
    return go(way_back(url_for("tasks.index")), f"{assignee.name} has this task now.", undo_url([task]))


@pages.post("/tasks/<int:task_id>/priority")
def prioritise_it(task_id: int) -> Response:
    task = task_of(work(), me(), task_id)
    prioritise(work(), me(), task, Priority.HIGH if request.args.get("to") == "high" else Priority.NORMAL)
    words = f"{task.priority.value.capitalize()} priority: {task.name}."
    return go(way_back(url_for("tasks.index")), words, undo_url([task]))
