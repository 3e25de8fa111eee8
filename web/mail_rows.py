"""A mail of the outbox as its row shows it: what became of it in words, and at most two things to do."""

from __future__ import annotations

from typing import Any

from flask import url_for

from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox import Folder, MailLine
from web.filters import count_words

FOLDERS = {
    Folder.DELIVERED: "Delivered",
    Folder.SCHEDULED: "Scheduled",
    Folder.IN_PROGRESS: "In progress",
    Folder.UNCERTAIN: "Needs your answer",
    Folder.FAILED: "Failed",
    Folder.BOUNCED: "Bounced",
    Folder.CANCELLED: "Cancelled",
}
GROUPS = {
    "Sent": (Folder.DELIVERED,),
    "Pending": (Folder.SCHEDULED, Folder.IN_PROGRESS),
    "Undelivered": (Folder.UNCERTAIN, Folder.FAILED, Folder.BOUNCED, Folder.CANCELLED),
}
# What a person says of a mail of which nobody knows whether it left.
UNCERTAIN = (("It was sent", "sent"), ("Send again", "again"), ("Skip", "skip"), ("End", "end"))
TONES = {Folder.DELIVERED: "ok", Folder.UNCERTAIN: "bad", Folder.FAILED: "bad", Folder.BOUNCED: "bad"}


def mail_row(line: MailLine, why: str = "") -> dict[str, Any]:
    """`why` is the binding reason of one that waits."""
    return {
        "id": line.message.id,
        "href": url_for("message.show", message_id=line.message.id),
        "subject": line.subject or "(subject of the campaign)",
        "person": line.person,
        "person_href": url_for("person.show", person_id=line.person.id),
        "sender": line.sender,
        "at": line.message.sent_at or line.message.due_at,
        "words": why or state_words(line.message, line.folder),
        "tone": TONES.get(line.folder, ""),
        "actions": actions_of(line.message, line.folder),
    }


def state_words(message: Message, folder: Folder) -> str:
    """What became of it, with the server's own words where it said no."""
    if folder is Folder.DELIVERED:
        return "handed over" if message.attempts < 2 else f"handed over at try {message.attempts}"
    if folder is Folder.UNCERTAIN:
        return message.words or "nobody knows whether it left"
    if folder is Folder.SCHEDULED:
        return "waits for its time"
    if folder is Folder.IN_PROGRESS:
        return _under_way(message)
    return message.words or "no reason was given"


def actions_of(message: Message, folder: Folder) -> list[dict[str, Any]]:
    """At most two, and four where a person has to say what happened: {label, post | href, fields}."""
    own: dict[str, Any] = {"message_id": message.id}
    if folder is Folder.UNCERTAIN:
        answer = url_for("message.answer_it", **own)
        given = UNCERTAIN if message.enrollment_id is not None else UNCERTAIN[:-1]
        return [{"label": label, "post": answer, "fields": {"answer": value}} for label, value in given]
    if folder is Folder.SCHEDULED or (folder is Folder.IN_PROGRESS and message.state in _CANCELLABLE):
        return [{"label": "Cancel this mail", "post": url_for("message.cancel_it", **own), "fields": {}}]
    if folder is Folder.BOUNCED:
        return [{"label": "Find a new address", "href": url_for("person.edit", person_id=message.person_id)}]
    if folder is Folder.FAILED:
        return [{"label": "Retry", "post": url_for("message.retry_it", **own), "fields": {}}]
    if folder is Folder.DELIVERED:
        href = url_for("compose.form", person=message.person_id, answers=message.id)
        return [{"label": "Follow up", "href": href}]
    return []


def _under_way(message: Message) -> str:
    if message.state is MessageState.RETRYING:
        return f"refused for now, tried {count_words(message.attempts, 'time')}: {message.words}"
    if message.state is MessageState.PENDING:
        return message.words or "leaves as soon as its mailbox may send"
    return "is leaving now"


_CANCELLABLE = {MessageState.PENDING, MessageState.RETRYING}
