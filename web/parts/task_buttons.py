"""The buttons of a task's row. They depend on little, so a page draws each kind of them once and fills in the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, get_template_attribute, url_for
from markupsafe import Markup, escape

from sales_campaigns.tasks.days import local_date, snooze_choices
from sales_campaigns.tasks.models import Priority, TaskKind
from sales_campaigns.tasks.queue import TaskLine
from web.filters import clock_words, when_words
from web.parts.mailbox_drafts import in_mailbox

LEADS = {
    TaskKind.EMAIL: "Compose",
    TaskKind.CALL: "Log call",
    TaskKind.INMAIL: "Open InMail",
    TaskKind.CUSTOM: "Open",
}
NO_BUTTONS: dict[str, Any] = {"lead": None, "done": None, "snooze": None, "more": []}
# What stands in a drawn pattern where the numbers and the names of a row come: no row has these.
TASK, PERSON, NAME, WHO = 7_700_000_000_001, 7_700_000_000_002, "\ue001", "\ue002"
PLACES = re.compile(f"{TASK}|{PERSON}|{NAME}|{WHO}")


@dataclass(frozen=True)
class Shape:
    """All that decides which buttons a task has, but for its numbers and names."""

    kind: TaskKind
    high: bool
    waits: bool  # a mail of it is on its way
    of_step: bool
    wants_address: bool  # the person's mail came back
    zone: str
    in_mailbox: str  # the words of the entry that opens its mail in my mailbox, or nothing


def shape_of(line: TaskLine, my_id: int) -> Shape:
    task = line.task
    return Shape(
        kind=task.kind,
        high=task.priority is Priority.HIGH,
        waits=task.message_id is not None,
        of_step=task.step_run_id is not None,
        wants_address=task.source == "bounce" and task.person_id is not None,
        zone=line.zone,
        in_mailbox="".join(entry["label"] for entry in in_mailbox(task, my_id)),
    )


def buttons(shape: Shape, task_id: int, person_id: int, now: datetime) -> dict[str, Any]:
    """`lead`, `done`, `snooze` and `more`, as `components/task_row.html` asks for them."""
    free = not shape.waits
    return {
        "lead": _lead(shape, task_id, person_id),
        "done": url_for("task.done", task_id=task_id) if free else None,
        "snooze": _snooze(shape, task_id, now) if free else None,
        "more": _more(shape, task_id),
    }


def drawn(line: TaskLine, now: datetime, my_id: int) -> Markup:
    """The buttons of one row. The patterns are kept for the request: they hold its token, its hour, its address."""
    shape, task = shape_of(line, my_id), line.task
    patterns: dict[Shape, str] = g.setdefault("task_buttons", {})
    if shape not in patterns:
        row = {"id": TASK, "name": NAME, "person": {"name": WHO}, **buttons(shape, TASK, PERSON, now)}
        patterns[shape] = str(get_template_attribute("components/task_row.html", "acts")(row))
    who = line.person.name if line.person else "No person"
    mine = {str(TASK): task.id, str(PERSON): task.person_id, NAME: escape(task.name), WHO: escape(who)}
    # The pattern was escaped as it was drawn, the names just now, and what was filled in is not looked at again.
    return Markup(PLACES.sub(lambda place: str(mine[place[0]]), patterns[shape]))  # noqa: S704  escaped above


def address(endpoint: str, **number: int) -> str:
    """url_for with one number, asked once a request: fifty rows differ only in it."""
    ((name, value),) = number.items()
    stand_in: dict[str, Any] = {name: TASK}
    known: dict[str, str] = g.setdefault("addresses", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint, **stand_in)
    return known[endpoint].replace(str(TASK), str(value))


def snooze_options(now: datetime, zone: str) -> list[dict[str, str]]:
    """The quick choices of a snooze, for menus and selects."""
    return [
        {
            "label": label,
            "hint": _hint(at, now, zone),
            "value": at.isoformat(),
            "local": f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}",
        }
        for label, at in snooze_choices(now, zone)
    ]


def _lead(shape: Shape, task_id: int, person_id: int) -> dict[str, str]:
    if shape.kind is TaskKind.EMAIL:
        label = "Change" if shape.waits else "Compose"
        return {"label": label, "href": url_for("compose.form", task=task_id)}
    if shape.wants_address:
        return {"label": "New address", "href": url_for("person.edit", person_id=person_id)}
    return {"label": LEADS[shape.kind], "href": url_for("task.show", task_id=task_id)}


def _snooze(shape: Shape, task_id: int, now: datetime) -> dict[str, Any]:
    return {"url": url_for("task.snooze_it", task_id=task_id), "choices": snooze_options(now, shape.zone)}


def _more(shape: Shape, task_id: int) -> list[dict[str, str]]:
    page, to = url_for("task.show", task_id=task_id), "normal" if shape.high else "high"
    more = [
        {"label": "Snooze until…", "href": f"{page}#snooze", "icon": "calendar-clock"},
        {"label": "Give to a teammate…", "href": f"{page}#assign", "icon": "user"},
        {
            "label": f"{to.capitalize()} priority",
            "post": url_for("task.prioritise_it", to=to, task_id=task_id),
            "icon": "flag",
        },
        {"label": "Skip", "post": url_for("task.skip_it", task_id=task_id), "icon": "corner-down-right"},
        {"label": "Edit…", "href": url_for("change_task.form", task_id=task_id), "icon": "pencil"},
        _delete(shape, task_id),
    ]
    kept = more[2:4] if shape.waits else more
    if shape.in_mailbox and not shape.waits:
        url = url_for("mailbox_draft.open_it", task_id=task_id)
        kept = [{"label": shape.in_mailbox, "post": url, "icon": "external-link"}, *kept]
    if shape.of_step or shape.waits:
        kept.append({"label": "Why?", "href": url_for("why.task", task_id=task_id), "icon": "info"})
    return kept


def _delete(shape: Shape, task_id: int) -> dict[str, str]:
    """A reminder goes at once; what a campaign waits for is asked about first."""
    if shape.of_step:
        return {"label": "Delete…", "href": url_for("change_task.ask", task_id=task_id), "icon": "trash-2"}
    url = url_for("change_task.delete", task_id=task_id)
    return {"label": "Delete", "post": url, "icon": "trash-2", "kind": "danger"}


def _hint(at: datetime, now: datetime, zone: str) -> str:
    same_day = local_date(at, zone) == local_date(now, zone)
    return clock_words(at, zone) if same_day else f"{when_words(at, zone)[:3]} {clock_words(at, zone)}"
