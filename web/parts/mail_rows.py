"""A mail of the outbox as its row shows it: what became of it in words, and at most two things to do."""

from __future__ import annotations

from typing import Any

from flask import url_for

from sales_campaigns.messages.models import Draft, Message, MessageState
from sales_campaigns.messages.outbox.folders import Folder
from sales_campaigns.messages.outbox.lines import MailLine
from sales_campaigns.people.models import Person
from web.filters import count_words
from web.parts.task_rows import web_address

FOLDERS = {
    Folder.DELIVERED: "Delivered",
    Folder.ARCHIVED: "Archived",
    Folder.SCHEDULED: "Scheduled",
    Folder.DRAFT: "Draft",
    Folder.IN_PROGRESS: "In progress",
    Folder.UNCERTAIN: "Needs your answer",
    Folder.FAILED: "Failed",
    Folder.BOUNCED: "Bounced",
    Folder.SPAM: "Spam",
    Folder.CANCELLED: "Cancelled",
}
GROUPS = {
    "Sent": (Folder.DELIVERED, Folder.ARCHIVED),
    "Pending": (Folder.SCHEDULED, Folder.DRAFT, Folder.IN_PROGRESS),
    "Undelivered": (Folder.UNCERTAIN, Folder.FAILED, Folder.BOUNCED, Folder.SPAM, Folder.CANCELLED),
}
TONES = {
    Folder.DELIVERED: "ok",
    Folder.UNCERTAIN: "bad",
    Folder.FAILED: "bad",
    Folder.BOUNCED: "bad",
    Folder.SPAM: "bad",
}
# What a person says of a mail of which nobody knows whether it left.
UNCERTAIN = (("It was sent", "sent"), ("Send again", "again"), ("Skip", "skip"), ("End", "end"))


def mail_row(line: MailLine, why: str = "") -> dict[str, Any]:
    """`why` is the binding reason of one that waits."""
    message = line.message
    return {
        "id": message.id,
        "href": url_for("message.show", message_id=message.id),
        "subject": line.subject or "(subject of the campaign)",
        "person": line.person,
        "person_href": url_for("person.show", person_id=line.person.id),
        "linkedin": web_address(line.person.linkedin_url),
        "sender": line.sender,
        "message": message,
        "at": message.sent_at or message.due_at,
        "words": why or state_words(message, line.folder),
        "tone": TONES.get(line.folder, ""),
        "success": message.succeeded_at is not None,
        "chosen_by": message.id if line.folder is Folder.SCHEDULED else None,
        "actions": actions_of(message, line.folder),
        "follow_up": follow_ups(message, line.person),
        "more": more_of(message, line.folder),
    }


def draft_row(draft: Draft, person: Person) -> dict[str, Any]:
    """A draft in the same form; it opens where it was written."""
    named: dict[str, Any] = (
        {"task": draft.task_id} if draft.task_id else {"person": person.id, "draft": draft.id}
    )
    if draft.answers_id and not draft.task_id:
        named["answers"] = draft.answers_id
    href = url_for("compose.form", **named)
    discard = url_for("drafts.discard", draft_id=draft.id)
    return {
        "id": f"draft-{draft.id}",
        "href": href,
        "subject": draft.subject,
        "person": person,
        "person_href": url_for("person.show", person_id=person.id),
        "linkedin": web_address(person.linkedin_url),
        "sender": "",
        "message": None,
        "at": draft.changed_at,
        "words": "for a task" if draft.task_id else "not sent yet",
        "tone": "",
        "actions": [
            {"label": "Edit", "href": href},
            {"label": "Discard", "post": discard, "fields": {}},
        ],
        "follow_up": [],
        "more": [],
    }


def state_words(message: Message, folder: Folder) -> str:
    """What became of it, with the server's own words where it said no."""
    if folder in {Folder.DELIVERED, Folder.ARCHIVED}:
        tries = "handed over" if message.attempts < 2 else f"handed over at try {message.attempts}"
        return f"{tries} · tracking off" if folder is Folder.ARCHIVED else tries
    if folder is Folder.SPAM:
        return "reported as spam"
    if folder is Folder.UNCERTAIN:
        return message.words or "nobody knows whether it left"
    if folder is Folder.SCHEDULED:
        return "waits for its time"
    if folder is Folder.IN_PROGRESS:
        return _under_way(message)
    return message.words or "no reason was given"


def actions_of(message: Message, folder: Folder) -> list[dict[str, Any]]:
    """At most two, and four where a person has to say what happened: {label, post | href, fields}."""
    if folder is Folder.UNCERTAIN:
        given = UNCERTAIN if message.enrollment_id is not None else UNCERTAIN[:-1]
        return [_post(label, "answer_it", message, answer=answer) for label, answer in given]
    edit = {"label": "Edit", "href": url_for("message.edit", message_id=message.id)}
    cancel = _post("Cancel this mail", "cancel_it", message)
    retry = _post("Retry", "retry_it", message)
    success = (
        _post("No success", "succeed", message, reached="")
        if message.succeeded_at
        else _post("Success", "succeed", message, reached="1")
    )
    actions = {
        Folder.DELIVERED: [_post("Archive", "archive_it", message, away="1"), success],
        Folder.ARCHIVED: [_post("Unarchive", "archive_it", message, away=""), *_removal(message)],
        Folder.SCHEDULED: [edit, cancel],
        Folder.IN_PROGRESS: [cancel] if message.state in _CANCELLABLE else [],
        Folder.FAILED: [retry, *_removal(message)],
        Folder.BOUNCED: [
            {"label": "Find a new address", "href": url_for("person.edit", person_id=message.person_id)},
            retry,
        ],
        Folder.SPAM: _removal(message),
        Folder.CANCELLED: _removal(message),
    }
    return actions.get(folder, [])


def more_of(message: Message, folder: Folder) -> list[dict[str, Any]]:
    """What stands in the menu of the row, below the ways to follow up."""
    return _removal(message) if folder is Folder.BOUNCED else []


def follow_ups(message: Message, person: Person) -> list[dict[str, str]]:
    """The rule: follow-up actions on each row: mail, call, InMail, task."""
    task: dict[str, Any] = {"message": message.id}
    ways = []
    if message.sent_at is not None:
        answer = url_for("compose.form", person=person.id, answers=message.id)
        ways.append({"label": "E-mail, in its thread", "href": answer, "icon": "mail"})
    else:
        ways.append({"label": "E-mail", "href": url_for("compose.form", person=person.id), "icon": "mail"})
    for kind, label, icon in (("call", "Call", "phone"), ("inmail", "InMail", "message-square-text")):
        ways.append({"label": label, "href": url_for("new_task.form", kind=kind, **task), "icon": icon})
    ways.append({"label": "Task", "href": url_for("new_task.form", **task), "icon": "square-check-big"})
    return ways


def _removal(message: Message) -> list[dict[str, Any]]:
    """The rule: e-mails sent as part of a campaign cannot be deleted."""
    return [] if message.campaign_id is not None else [_post("Delete", "remove_it", message, away="1")]


def _post(label: str, view: str, message: Message, **fields: str) -> dict[str, Any]:
    return {
        "label": label,
        "post": url_for(f"message.{view}", message_id=message.id),
        "fields": fields,
    }


def _under_way(message: Message) -> str:
    if message.state is MessageState.RETRYING:
        return f"refused for now, tried {count_words(message.attempts, 'time')}: {message.words}"
    if message.state is MessageState.PENDING:
        return message.words or "leaves as soon as its mailbox may send"
    return "is leaving now"


_CANCELLABLE = {MessageState.PENDING, MessageState.RETRYING}
