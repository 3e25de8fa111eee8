"""The Live Feed in words: one sentence a line, its tone, and what can be done about it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from flask import url_for

from sales_campaigns.live_feed import BY_MACHINES, BY_PEOPLE, REPEATED, FeedGroup, FeedLine, grouped
from sales_campaigns.tasks.models import TaskKind
from web.filters import clock_words, count_words, day_words, when_words, zone_words

MANY = {
    "message.sent": "got mail of {source}",
    "message.failed": "did not get mail of {source}",
    "message.opened": "opened mail of {source}",
    "message.clicked": "followed a link of {source}",
    "message.machine_opened": "had mail of {source} opened by programs",
    "message.machine_clicked": "had links of {source} followed by programs",
    "task.opened": "have tasks that are due",
    "task.completed": "have tasks done",
    "task.skipped": "had tasks skipped",
    "task.assigned": "were given to somebody else",
    "reply.received": "replied to {source}",
    "auto_reply.received": "are away",
    "enrollment.held": "are held",
    "enrollment.finished": "reached the end of the campaign",
    "enrollment.ended": "left the campaign",
}
NOUNS = {
    TaskKind.EMAIL: "an e-mail to write",
    TaskKind.CALL: "a call",
    TaskKind.INMAIL: "an InMail",
    TaskKind.CUSTOM: "a task",
}
# kind → (icon, tone); tones are those of components/feed_item.html
LOOKS = {
    "message.sent": ("mail", ""),
    "message.failed": ("mail-x", "bad"),
    "message.expired": ("mail-x", "bad"),
    "message.uncertain": ("circle-alert", "bad"),
    "message.retrying": ("clock", ""),
    "message.opened": ("eye", "good"),
    "message.clicked": ("mouse-pointer-click", "good"),
    "message.machine_opened": ("bot", ""),
    "message.machine_clicked": ("bot", ""),
    "reply.received": ("reply", "good"),
    "wrote.received": ("reply", "good"),
    "auto_reply.received": ("calendar", ""),
    "meeting.received": ("calendar-clock", "good"),
    "complaint.received": ("ban", "bad"),
    "person.unsubscribed": ("ban", "bad"),
    "enrollment.held": ("hand", ""),
    "task.opened": ("list-checks", ""),
    "task.completed": ("circle-check", "good"),
    "task.skipped": ("corner-down-right", ""),
    "task.given_back": ("circle-alert", "bad"),
    "task.assigned": ("user", ""),
    "enrollment.finished": ("milestone", "good"),
    "enrollment.ended": ("milestone", ""),
    "launch.made": ("rocket", ""),
    "mailbox.lost": ("triangle-alert", "bad"),
    "person.call_noted": ("phone", ""),
    "person.meeting_noted": ("calendar", "good"),
    "person.note_noted": ("sticky-note", ""),
}


def items_of(lines: Iterable[FeedLine], now: datetime, zone: str) -> list[dict[str, Any]]:
    """What `components/feed_item.html` asks for, neighbours told in one sentence."""
    return [_item(group, now, zone) for group in grouped(lines)]


def _item(group: FeedGroup, now: datetime, zone: str) -> dict[str, Any]:
    line, person = group.line, group.line.person
    icon, tone = LOOKS.get(line.kind, ("activity", ""))
    href = url_for("person.show", person_id=person.id) if person is not None else ""
    return {
        "id": line.id,
        "icon": icon,
        "kind": tone,
        "person": {"name": person.name, "href": href} if person is not None else None,
        "words": _with_others(group),
        "when": _when(line.at, now, zone),
        "machine": line.kind in BY_MACHINES,
        "actions": _actions(line) if group.people < 2 else [],
    }


def _with_others(group: FeedGroup) -> str:
    said = SENTENCES.get(group.line.kind, _plain)(group.line)
    if group.people > 1:
        many = MANY.get(group.line.kind, _plain(group.line)).format(source=group.line.source)
        return f"and {count_words(group.people - 1, 'other')} {many}"
    if group.times < 2:
        return said
    return f"{said} {group.times} times" if group.line.kind in REPEATED else f"{said} ({group.times} times)"


def _when(at: datetime, now: datetime, zone: str) -> dict[str, str]:
    today = when_words(at, zone)[:-6] == when_words(now, zone)[:-6]
    return {
        "iso": at.isoformat(),
        "words": clock_words(at, zone) if today else when_words(at, zone),
        "title": f"{when_words(at, zone)}, {zone_words(zone)} time",
    }


def _actions(line: FeedLine) -> list[dict[str, str]]:
    """At most four: look at it, have done with it, write, remember."""
    actions = []
    if line.kind == "task.opened" and line.task_id is not None:
        actions.append({"label": "Open", "href": url_for("task.show", task_id=line.task_id)})
        if line.data.get("kind") != TaskKind.EMAIL:
            actions.append({"label": "Done", "post": url_for("task.done", task_id=line.task_id)})
    elif line.data.get("received"):
        actions.append({"label": "Read", "href": url_for("replies.show", received_id=line.data["received"])})
    elif line.message_id is not None:
        actions.append({"label": "See the mail", "href": url_for("message.show", message_id=line.message_id)})
    if line.kind in BY_PEOPLE and line.person is not None and line.person.phone:
        actions.append({"label": "Call", "href": f"tel:{line.person.phone.replace(' ', '')}"})
    if line.person is not None and line.kind not in BY_MACHINES:
        actions.append({"label": "Write", "href": url_for("compose.form", person=line.person.id)})
        mail: dict[str, Any] = {"message": line.message_id} if line.message_id is not None else {}
        actions.append({"label": "Task", "href": url_for("new_task.form", person=line.person.id, **mail)})
    return actions


def _replied(line: FeedLine) -> str:
    return f"replied: “{line.data.get('subject') or line.subject}”"


def _wrote(line: FeedLine) -> str:
    return f"wrote to you: “{line.data.get('subject') or 'no subject'}”"


def _away(line: FeedLine) -> str:
    back_on = line.data.get("back_on")
    return f"is away until {day_words(date.fromisoformat(back_on))}" if back_on else "is away"


def _unsubscribed(line: FeedLine) -> str:
    return f"unsubscribed, says {line.actor}" if line.actor else "unsubscribed"


def _held(line: FeedLine) -> str:
    return f"is held: {line.data.get('cause', 'somebody has to decide')}"


def _sent(line: FeedLine) -> str:
    return f"got “{line.subject}”"


def _failed(line: FeedLine) -> str:
    words = str(line.data.get("words", ""))
    return f"did not get “{line.subject}”" + (f": {words}" if words else "")


def _uncertain(line: FeedLine) -> str:
    return f"may or may not have got “{line.subject}”: somebody has to say"


def _retrying(line: FeedLine) -> str:
    return f"will get “{line.subject}” a little later: the server refused it for now"


def _reason(line: FeedLine) -> str:
    """Why it is no person's, as it was marked."""
    machine = line.data.get("machine")
    return f" ({machine})" if machine else ""


def _opened(line: FeedLine) -> str:
    kind = line.data.get("kind", "")
    noun = NOUNS[TaskKind(kind)] if kind in set(TaskKind) else "a task"
    return f"waits for {noun}: {line.task}"


def _completed(line: FeedLine) -> str:
    outcome = line.data.get("outcome") or ""
    by = f", by {line.actor}" if line.actor else ""
    return f"{line.task}: done{by}" + (f" · {outcome}" if outcome else "")


def _skipped(line: FeedLine) -> str:
    return f"{line.task}: skipped" + (f" by {line.actor}" if line.actor else "")


def _given_back(line: FeedLine) -> str:
    return f"{line.task}: its mail could not leave, it waits for you again"


def _assigned(line: FeedLine) -> str:
    many = int(line.data.get("tasks", 1))
    given = count_words(many, "task") if many > 1 else line.task
    return f"{given}: given to {line.data.get('who', 'a teammate')}"


def _ended(line: FeedLine) -> str:
    return f"left the campaign: {line.data.get('cause', 'ended')}"


def _launched(line: FeedLine) -> str:
    people = count_words(int(line.data.get("people", 0)), "person", "people")
    return f"{line.actor or 'Somebody'} added {people} to {line.data.get('name', 'a campaign')}"


def _lost(line: FeedLine) -> str:
    return f"A mailbox stopped: {line.data.get('words', 'connect it again')}"


def _called(line: FeedLine) -> str:
    said = "called" if line.data.get("inbound") else f"was called by {line.actor}"
    return " · ".join(filter(None, [said, line.data.get("outcome"), line.data.get("words")]))


def _noted(what: str, line: FeedLine) -> str:
    words = str(line.data.get("words", ""))
    return f"{'met ' + line.actor if what == 'met' else 'note by ' + line.actor}" + (
        f": {words}" if words else ""
    )


def _plain(line: FeedLine) -> str:
    return line.kind.replace(".", " ").replace("_", " ")


SENTENCES: dict[str, Callable[[FeedLine], str]] = {
    "message.sent": _sent,
    "reply.received": _replied,
    "wrote.received": _wrote,
    "auto_reply.received": _away,
    "meeting.received": lambda _: "accepted a meeting",
    "complaint.received": lambda _: "reported a mail as spam",
    "person.unsubscribed": _unsubscribed,
    "enrollment.held": _held,
    "message.failed": _failed,
    "message.expired": _failed,
    "message.uncertain": _uncertain,
    "message.retrying": _retrying,
    "message.opened": lambda line: f"opened “{line.subject}”",
    "message.clicked": lambda line: f"followed a link of “{line.subject}”",
    "message.machine_opened": lambda line: f"had “{line.subject}” opened by a program{_reason(line)}",
    "message.machine_clicked": lambda line: (
        f"had links of “{line.subject}” followed by a program{_reason(line)}"
    ),
    "task.opened": _opened,
    "task.completed": _completed,
    "task.skipped": _skipped,
    "task.given_back": _given_back,
    "task.assigned": _assigned,
    "enrollment.finished": lambda _: "reached the end of the campaign",
    "enrollment.ended": _ended,
    "launch.made": _launched,
    "mailbox.lost": _lost,
    "person.call_noted": _called,
    "person.meeting_noted": lambda line: _noted("met", line),
    "person.note_noted": lambda line: _noted("note", line),
}
