"""What the SMTP server took, as a reader sees it; and how it compares with what simulate printed."""

from __future__ import annotations

import email
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import Any

from tests.sink import Caught, Sink

# Each step's words begin with its own place, such as "[day 3, step 1]", and with its letter where it is varied;
# quoted ones stand further down.
PLACE = re.compile(r"\[day (\d+), step (\d+)(?:, variant ([A-E]))?\]")
Place = tuple[int, int]


@dataclass(frozen=True)
class Letter:
    """One mail that was taken; `place` is None where its words do not say which step it is, `variant` is "" where they
    name none, and `quoted` are the places and variants that stand under its own words."""

    to: str
    at: datetime
    subject: str
    message_id: str
    in_reply_to: str | None
    references: tuple[str, ...]
    text: str
    html: str
    place: Place | None
    variant: str = ""
    quoted: tuple[tuple[Place, str], ...] = ()


def letters(sink: Sink) -> list[Letter]:
    """In the order in which they were taken."""
    return [_letter(caught) for caught in sink.caught]


def letters_to(sink: Sink, address: str) -> list[Letter]:
    return [letter for letter in letters(sink) if letter.to == address]


def words_of(day: int, step: int, variant: str = "", more: str = "") -> str:
    """What a step says, so that its mail can be told from the others."""
    place = f"day {day}, step {step}" + (f", variant {variant}" if variant else "")
    return f"<p>[{place}] Hello {{{{ first_name }}}}{more}.</p>"


def as_received(sink: Sink) -> list[tuple[str, Place | None, str, Place | None]]:
    """Person, step, instant and the step that it answers to, of every mail, sorted."""
    received = letters(sink)
    by_id = {letter.message_id: letter.place for letter in received}
    return sorted((one.to, one.place, _utc(one.at), by_id.get(one.in_reply_to or "")) for one in received)


def as_foreseen(
    entries: Iterable[Mapping[str, Any]], *, with_mail_tasks: bool = True
) -> list[tuple[str, Place, str, Place | None]]:
    """The same of what simulate printed: its messages, and one mail for each e-mail task when it is done."""
    mails = [entry for entry in entries if entry["kind"] == "message"]
    if with_mail_tasks:
        mails += [e for e in entries if e["kind"] == "task" and e["type"] == "email"]
    return sorted(
        (e["person"], (e["day"], e["step"]), e.get("done", e["at"]), _place(e["follows"])) for e in mails
    )


def _place(follows: Mapping[str, int] | None) -> Place | None:
    return (follows["day"], follows["step"]) if follows else None


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _letter(caught: Caught) -> Letter:
    mail = email.message_from_bytes(caught.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text = _part(mail, "plain")
    found = [((int(one[1]), int(one[2])), one[3] or "") for one in PLACE.finditer(text)]
    return Letter(
        to=caught.recipients[0],
        at=mail["Date"].datetime,
        subject=str(mail["Subject"]),
        message_id=str(mail["Message-ID"]),
        in_reply_to=str(mail["In-Reply-To"]) if mail["In-Reply-To"] else None,
        references=tuple(str(mail["References"] or "").split()),
        text=text,
        html=_part(mail, "html"),
        place=found[0][0] if found else None,
        variant=found[0][1] if found else "",
        quoted=tuple(found[1:]),
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
