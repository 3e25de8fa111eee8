"""A reminder: a task of one's own, or for a teammate, with or without a person, from wherever one stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.campaigns.previewing import person_for_preview
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.lines import message_of
from sales_campaigns.people.listing import owners, person_of
from sales_campaigns.people.models import Person
from sales_campaigns.people.zones import zone_names
from sales_campaigns.tasks.models import Priority, TaskKind
from sales_campaigns.tasks.working import remind
from web.answers import go, page
from web.filters import zone_words
from web.numbers import row_of, whole
from web.pages.tasks.tasks import teammate
from web.parts.task_buttons import snooze_options
from web.parts.task_filters import KINDS
from web.parts.typed_times import instant_of
from web.parts.way_back import way_on
from web.request_scope import me, work

pages = Blueprint("new_task", __name__)


@pages.get("/tasks/new")
def form() -> str:
    """`person`, `message` (the mail it is made from) and `kind` fill the form in."""
    typed: dict[str, str] = dict(request.args.items())
    mail = _mail(typed)
    person = typed.get("person", "")
    if mail is not None:
        subject = mail.subject or mail.edited_subject or ""
        person, typed["name"] = str(mail.person_id), typed.get("name") or f"Follow up: {subject}"[:300]
    found = person_of(work().session, me(), row_of(person)) if row_of(person) else None
    typed["person"] = (found.email or found.name) if found is not None else ""
    return _form(typed, {}, found)


@pages.post("/tasks/new")
def create() -> Response | tuple[str, int]:
    typed = request.form
    mail = _mail(request.args)
    try:
        task = remind(
            work(),
            me(),
            name=typed.get("name", ""),
            due_at=due_of(typed),
            kind=TaskKind(typed["kind"]) if typed.get("kind") in set(TaskKind) else TaskKind.CUSTOM,
            person=person_named(typed.get("person", "")),
            details=typed.get("details", "").strip(),
            priority=Priority.HIGH if "high" in typed else Priority.NORMAL,
            assignee=teammate(typed.get("assignee", type=whole)) if typed.get("assignee") else None,
            origin_id=mail.id if mail is not None else None,
        )
    except Invalid as error:
        return _form(typed, error.problems), 422
    return go(way_on(url_for("tasks.index")), f"Added: {task.name}.")


def due_of(typed: Mapping[str, str]) -> datetime:
    """When it is due, in the zone that the form names. Raises Invalid."""
    return instant_of(typed.get("due", ""), _zone(typed), "due")


def person_named(words: str) -> Person | None:
    """Somebody of the team by address or name; nobody for nothing. Raises Invalid."""
    try:
        return person_for_preview(work().session, me(), words)
    except NotFound as nobody:
        raise Invalid({"person": f"{nobody.words} Add the person first, or leave this empty."}) from None


def choices(typed: Mapping[str, str], person: Person | None = None) -> dict[str, Any]:
    """What the form of a task offers: the person's zone beside one's own where it is another."""
    zones = dict.fromkeys(filter(None, (me().zone, person.zone if person else "", _zone(typed))))
    return {
        "kinds": [(kind.value, words) for kind, words in KINDS.items()],
        "teammates": [(user.id, user.name) for user in owners(work().session, me())],
        "chips": snooze_options(work().now, me().zone),
        "zones": [(zone, f"{zone_words(zone)} time") for zone in zones],
    }


def _zone(typed: Mapping[str, str]) -> str:
    """One's own, or that of somebody of the team's people, as the form offered it."""
    wanted = typed.get("due_zone", "")
    return wanted if wanted in zone_names() else me().zone


def _mail(args: Mapping[str, str]) -> Message | None:
    """The mail that the task is made from. Raises NotFound for one of another team."""
    written = args.get("message", "")
    return message_of(work().session, me(), row_of(written)) if row_of(written) else None


def _form(typed: Mapping[str, str], problems: Mapping[str, str], person: Person | None = None) -> str:
    return page("tasks/new.html", typed=typed, problems=problems, **choices(typed, person))
