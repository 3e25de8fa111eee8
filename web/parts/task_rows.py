"""A task as its row shows it: times in the assignee's zone, the hour at the person's place, one button by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState
from sales_campaigns.messages.models import MessageState
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.days import days_late, local_date
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.queue import TaskLine
from sales_campaigns.tasks.wanted import Group
from sales_campaigns.tracking.hot_people import Looks, looks_of
from web.filters import clock_words, count_words, day_words, when_words, zone_words
from web.parts.mailbox_drafts import mailbox_label
from web.parts.task_buttons import NO_BUTTONS, address, buttons, drawn, shape_of
from web.parts.task_origins import origin
from web.request_scope import work

TYPES = {TaskKind.EMAIL: "mail", TaskKind.CALL: "call", TaskKind.INMAIL: "inmail", TaskKind.CUSTOM: "custom"}
LATELY = timedelta(days=30)
NOBODY: Mapping[int, Looks] = {}
# How the draft of a task stands in the mailbox, where there is something to tell.
DRAFTS = {
    MailboxDraftState.MADE: ("draft in {}", "info"),
    MailboxDraftState.SCHEDULED: ("scheduled in {}", "info"),
    MailboxDraftState.GONE: ("sent?", ""),
    MailboxDraftState.DELETED: ("draft deleted", "hot"),
    MailboxDraftState.UNMADE: ("no draft in {}", "hot"),
}
HEADINGS = {
    Group.OVERDUE: "Overdue",
    Group.TODAY: "Today",
    Group.UPCOMING: "Upcoming",
    Group.SNOOZED: "Snoozed",
    Group.DONE: "Done",
}


@dataclass(frozen=True)
class Heading:
    """One group of the page with its rows."""

    group: Group
    words: str
    rows: list[dict[str, Any]]


def groups_of(lines: Sequence[TaskLine], now: datetime, my_id: int) -> list[Heading]:
    """The lines under their headings, in the order in which the groups come."""
    found: dict[Group, list[dict[str, Any]]] = {}
    looks = looks_at(lines, now)
    for line in lines:
        shown = facts(line, now, my_id, looks)
        found.setdefault(line.group, []).append(
            {**shown, "acts": None if shown["over"] else drawn(line, now, my_id)}
        )
    return [Heading(group, HEADINGS[group], rows) for group, rows in found.items()]


def rows_of(lines: Sequence[TaskLine], now: datetime, my_id: int) -> list[dict[str, Any]]:
    """The lines as they come, with each button by itself."""
    looks = looks_at(lines, now)
    return [row(line, now, my_id, looks) for line in lines]


def looks_at(lines: Sequence[TaskLine], now: datetime) -> dict[int, Looks]:
    """What the people of these tasks did with our mails lately; one query."""
    people = {line.person.id for line in lines if line.person is not None}
    return looks_of(work().session, people, now - LATELY)


def row(line: TaskLine, now: datetime, my_id: int, looks: Mapping[int, Looks] = NOBODY) -> dict[str, Any]:
    """What `components/task_row.html` asks for, with each button by itself."""
    task = line.task
    over = task.state is not TaskState.OPEN
    mine = NO_BUTTONS if over else buttons(shape_of(line, my_id), task.id, task.person_id or 0, now)
    return {**facts(line, now, my_id, looks), **mine}


def facts(line: TaskLine, now: datetime, my_id: int, looks: Mapping[int, Looks] = NOBODY) -> dict[str, Any]:
    """A row without its buttons."""
    task = line.task
    return {
        "id": task.id,
        "type": TYPES[task.kind],
        "name": task.name,
        "href": address("task.show", task_id=task.id),
        "person": _person(line.person, task, now),
        "campaign": _campaign(task),
        "origin": origin(task),
        "tags": [*_tags(line, my_id), *_engagement(line, looks)],
        "due": _due(line, now),
        "late": line.group is Group.OVERDUE,
        "priority": task.priority.value,
        "over": None if task.state is TaskState.OPEN else _over(line),
    }


def web_address(written: str) -> str:
    """A link that people typed, when it is one; "" for anything a browser could run."""
    return written if written.lower().startswith(("https://", "http://")) else ""


def _person(person: Person | None, task: Task, now: datetime) -> dict[str, str]:
    if person is None:
        return {"name": "No person", "href": address("task.show", task_id=task.id)}
    return {
        "name": person.name,
        "href": address("person.show", person_id=person.id),
        "company": person.company,
        "place": zone_words(person.zone),
        "hour": clock_words(now, person.zone) if person.zone else "",
        "phone": person.phone,
        "linkedin": web_address(person.linkedin_url),
    }


def _campaign(task: Task) -> dict[str, str] | None:
    if task.campaign_id is None:
        return None
    name, _, place = task.step_label.rpartition(" · ")
    return {"name": name, "href": f"/campaigns/{task.campaign_id}", "place": place}


def _due(line: TaskLine, now: datetime) -> dict[str, str]:
    local = line.moment.astimezone(ZoneInfo(line.zone))
    away = abs((local.date() - local_date(now, line.zone)).days)
    words = f"{local:%H:%M}" if away == 0 else f"{day_words(local)[:3]} {local:%H:%M}"
    late = days_late(line.moment, now, line.zone) if line.group is Group.OVERDUE else 0
    note = f"{count_words(late, 'day')} late" if late else ""
    return {
        "iso": line.moment.isoformat(),
        "words": words if away < 7 else day_words(local),
        "title": f"{when_words(line.moment, line.zone)}, {zone_words(line.zone)} time",
        "note": note,
    }


def _tags(line: TaskLine, my_id: int) -> list[dict[str, str]]:
    tags = []
    if line.task.assignee_id != my_id:
        tags.append({"words": line.assignee.name, "kind": ""})
    if line.draft in DRAFTS and line.mail is None and line.task.state is TaskState.OPEN:
        tags.append(_draft_tag(line))
    if line.mail is not None and line.task.state is TaskState.OPEN:
        tags.append(_mail_tag(line))
    elif line.cause and line.task.kind is TaskKind.EMAIL and line.person is not None:
        href = url_for("person.show", person_id=line.person.id)
        tags.append({"words": "no mail allowed", "kind": "bad", "href": href})
    elif line.task.kind is TaskKind.CALL and line.person is not None and not line.person.phone:
        href = url_for("person.edit", person_id=line.person.id)
        tags.append({"words": "no phone number", "kind": "bad", "href": href})
    return tags


def _engagement(line: TaskLine, looks: Mapping[int, Looks]) -> Iterator[dict[str, str]]:
    """Opened 4×; a click says more than an open."""
    seen = looks.get(line.person.id) if line.person is not None else None
    if line.person is not None and seen is not None:
        words = f"clicked {seen.clicks}×" if seen.clicks else f"opened {seen.opens}×"
        href = url_for("person.show", person_id=line.person.id, tab="history")
        yield {"words": words, "kind": "hot", "href": href, "title": f"In the last {LATELY.days} days"}


def _mail_tag(line: TaskLine) -> dict[str, str]:
    href = url_for("message.show", message_id=line.task.message_id)
    if line.mail is MessageState.UNCERTAIN:
        return {"words": "did it leave?", "kind": "bad", "href": href}
    return {"words": f"leaves {when_words(line.moment, line.zone)}", "kind": "info", "href": href}


def _draft_tag(line: TaskLine) -> dict[str, str]:
    assert line.draft is not None
    words, kind = DRAFTS[line.draft]
    href = url_for("mailbox_draft.show", task_id=line.task.id)
    return {"words": words.format(mailbox_label() or "the mailbox"), "kind": kind, "href": href}


def _over(line: TaskLine) -> str:
    task = line.task
    word = {TaskState.COMPLETED: "Done", TaskState.SKIPPED: "Skipped"}.get(task.state, "Cancelled")
    said = [f"{word} {clock_words(line.moment, line.zone)}", task.outcome, task.reason]
    return " · ".join(filter(None, said))
