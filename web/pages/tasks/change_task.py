"""One task afterwards: change what it says, or take it away."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.progress import skip_task
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.tasks.queue import task_line
from sales_campaigns.tasks.working import delete_tasks, task_of
from web.answers import go, page
from web.numbers import row_of
from web.pages.tasks.new_task import choices, due_of, person_named
from web.pages.tasks.task_desk import skip_warning
from web.pages.tasks.tasks import acted, teammate, undo_url
from web.parts.way_back import way_on
from web.request_scope import me, settings, work

pages = Blueprint("change_task", __name__, url_prefix="/tasks/<int:task_id>")


@pages.get("/edit")
def form(task_id: int) -> str:
    task = task_line(work().session, me(), task_id, work().now).task
    return _form(task, _filled(task), {})


@pages.post("/edit")
def change(task_id: int) -> Response | tuple[str, int]:
    task, typed = task_of(work(), me(), task_id), request.form
    try:
        act = edit_task(work(), me(), task, _draft(task, typed))
    except Invalid as error:
        return _form(task, typed, error.problems), 422
    words = f"Saved: {task.name}." if act else "Nothing was changed."
    return go(url_for("task.show", task_id=task_id), words, undo_url([task]) if act else None)


@pages.get("/delete")
def ask(task_id: int) -> str:
    line = task_line(work().session, me(), task_id, work().now)
    return page("tasks/delete.html", line=line, task=line.task, skip_warning=skip_warning(line.task))


@pages.post("/delete")
def delete(task_id: int) -> Response | str:
    """The rule: deleting a campaign task asks: skip the step, or end the campaign for that person."""
    task = task_of(work(), me(), task_id)
    if task.step_run_id is None:
        delete_tasks(work(), me(), [task], work().now + work().people_seconds(settings().undo_seconds))
        return acted([task], f"Deleted: {task.name}.")
    chosen = request.form.get("instead", "")
    if chosen == "skip":
        skip_task(work(), me(), task, undo_seconds=settings().undo_seconds)
        return go(way_on(url_for("tasks.index")), f"Skipped: {task.name}.", undo_url([task]))
    if chosen == "end":
        end_people(work(), me(), [work().session.get_one(Enrollment, task.enrollment_id)])
        return go(way_on(url_for("tasks.index")), f"The campaign has ended for {_who(task)}.")
    return go(url_for(".ask", task_id=task_id))


def _who(task: Task) -> str:
    return work().session.get_one(Person, task.person_id).name


def _draft(task: Task, typed: Mapping[str, str]) -> TaskDraft:
    free = task.step_run_id is None
    return TaskDraft(
        name=typed.get("name", "") if free else task.name,
        due_at=due_of(typed),
        kind=TaskKind(typed["kind"]) if typed.get("kind") in set(TaskKind) else task.kind,
        person=person_named(typed.get("person", "")) if free else None,
        details=typed.get("details", "").strip(),
        priority=Priority.HIGH if "high" in typed else Priority.NORMAL,
        assignee=teammate(row_of(typed["assignee"])) if row_of(typed.get("assignee", "")) else None,
    )


def _filled(task: Task) -> dict[str, str]:
    person = work().session.get(Person, task.person_id) if task.person_id else None
    due = task.snoozed_until or task.due_at
    return {
        "name": task.name,
        "kind": task.kind.value,
        "assignee": str(task.assignee_id),
        "person": (person.email or person.name) if person else "",
        "due": f"{due.astimezone(ZoneInfo(me().zone)):%Y-%m-%dT%H:%M}",
        "due_zone": me().zone,
        "details": task.details,
        **({"high": "1"} if task.priority is Priority.HIGH else {}),
    }


def _form(task: Task, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page("tasks/edit.html", task=task, typed=typed, problems=problems, **choices(typed))
