"""A reminder: a task of one's own, or for a teammate, with or without a person."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.campaigns.previewing import person_for_preview
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.listing import owners, person_of
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Priority, TaskKind
from sales_campaigns.tasks.working import remind
from web.answers import go, page
from web.filters import zone_words
from web.pages.tasks import KINDS, teammate
from web.request_scope import me, work
from web.task_rows import snooze_options
from web.typed_times import instant_of

pages = Blueprint("new_task", __name__)


@pages.get("/tasks/new")
def form() -> str:
    args = request.args
    person = args.get("person", "")
    words = person_of(work().session, me(), int(person)).email if person.isdecimal() else ""
    return _form({**args, "person": words}, {})


@pages.post("/tasks/new")
def create() -> Response | tuple[str, int]:
    typed = request.form
    try:
        task = remind(
            work(),
            me(),
            name=typed.get("name", ""),
            due_at=instant_of(typed.get("due", ""), me().zone, "due"),
            kind=TaskKind(typed["kind"]) if typed.get("kind") in set(TaskKind) else TaskKind.CUSTOM,
            person=_person(typed.get("person", "")),
            details=typed.get("details", "").strip(),
            priority=Priority.HIGH if "high" in typed else Priority.NORMAL,
            assignee=teammate(typed.get("assignee", type=int)) if typed.get("assignee") else None,
        )
    except Invalid as error:
        return _form(typed, error.problems), 422
    return go(url_for("tasks.index"), f"Added: {task.name}.")


def _form(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page(
        "tasks/new.html",
        typed=typed,
        problems=problems,
        kinds=[(kind.value, words) for kind, words in KINDS.items()],
        teammates=[(user.id, user.name) for user in owners(work().session, me())],
        chips=snooze_options(work().now, me().zone),
        zone_name=zone_words(me().zone),
    )


def _person(words: str) -> Person | None:
    try:
        return person_for_preview(work().session, me(), words)
    except NotFound as nobody:
        raise Invalid({"person": f"{nobody.words} Add the person first, or leave this empty."}) from None
