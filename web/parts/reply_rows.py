"""A received mail as its row shows it: what it is in words, how long it waits, and what was done with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import url_for

from sales_campaigns.messages.incoming.models import Disposal, MailKind, ReceivedMail
from sales_campaigns.messages.incoming.reading import ReplyLine
from web.filters import count_words, day_words

KINDS = {
    MailKind.REPLY: ("Reply", "ok"),
    MailKind.WROTE: ("Wrote to you", "ok"),
    MailKind.AUTO_REPLY: ("Automatic reply", ""),
    MailKind.MEETING: ("Meeting accepted", "ok"),
    MailKind.UNSUBSCRIBE: ("Unsubscribed", "bad"),
    MailKind.BOUNCE: ("Came back", "bad"),
    MailKind.DELAY: ("Delayed", "hot"),
    MailKind.COMPLAINT: ("Reported as spam", "bad"),
    MailKind.RECEIPT: ("Delivered", "ok"),
}
DISPOSALS = {
    Disposal.ANSWERED: "Answered",
    Disposal.INTERESTED: "Interested",
    Disposal.NOT_NOW: "Not now",
    Disposal.WRONG_PERSON: "Wrong person",
    Disposal.NO: "No",
    Disposal.READ: "Read",
}
EXCERPT = 160


def reply_row(line: ReplyLine, now: datetime) -> dict[str, Any]:
    mail = line.mail
    words, tone = KINDS[mail.kind]
    return {
        "id": mail.id,
        "href": url_for("replies.show", received_id=mail.id),
        "answer_href": answer_href(mail),
        "person": line.person,
        "person_href": url_for("person.show", person_id=line.person.id),
        "user": line.user,
        "subject": mail.subject or line.answered or "(no subject)",
        "excerpt": excerpt(mail),
        "at": mail.at,
        "age": age_words(mail.at, now) if mail.disposal is None else "",
        "kind": words,
        "tone": tone,
        "outcome": outcome_words(mail),
    }


def answer_href(mail: ReceivedMail) -> str:
    return url_for("compose.form", person=mail.person_id, replies=mail.id)


def excerpt(mail: ReceivedMail) -> str:
    """The first words, or what a server said."""
    words = " ".join(mail.text.split()) if not mail.report else str(mail.report.get("words", ""))
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT].rstrip()}…"


def outcome_words(mail: ReceivedMail) -> str:
    """What was done with a reply, or what a program says: “back Mon 7 Dec”."""
    if mail.disposal is Disposal.NOT_NOW and mail.note:
        return f"Not now, again {day_words(date.fromisoformat(mail.note))}"
    if mail.disposal is Disposal.WRONG_PERSON and mail.note:
        return f"Wrong person, {mail.note} instead"
    if mail.disposal is not None:
        return DISPOSALS[mail.disposal]
    return f"back {day_words(mail.back_on)}" if mail.back_on else ""


def age_words(at: datetime, now: datetime) -> str:
    """How long it waits: “waits 3 h”, “waits 2 days”."""
    minutes = max(int((now - at).total_seconds() // 60), 0)
    if minutes < 60:
        return f"waits {minutes} min"
    if minutes < 48 * 60:
        return f"waits {minutes // 60} h"
    return f"waits {count_words(minutes // 1440, 'day')}"
