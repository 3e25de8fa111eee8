"""From the bytes of a mail to what a person sees of it. Never fails: what is broken reads as empty."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from integrations.catcher.server import CaughtMail
from integrations.catcher.threads import StoredMail


def read(number: int, caught: CaughtMail) -> StoredMail:
    mail = message_from_bytes(caught.raw, policy=policy.default)
    return StoredMail(
        id=number,
        received_at=caught.received_at,
        envelope_from=caught.envelope_from,
        envelope_to=caught.envelope_to,
        message_id=_header(mail, "Message-ID"),
        in_reply_to=next(iter(_header(mail, "In-Reply-To").split()), ""),
        references=tuple(_header(mail, "References").split()),
        date=_date(_header(mail, "Date")),
        subject=_header(mail, "Subject"),
        from_=_header(mail, "From"),
        to=_header(mail, "To"),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
        raw=caught.raw,
    )


def _header(mail: EmailMessage, name: str) -> str:
    with suppress(Exception):  # the header parsers raise many kinds on malformed input
        return str(mail[name] or "").strip()
    return ""


def _date(text: str) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        parsed = parsedate_to_datetime(text)
        # "-0000" says that the zone is unknown and the time is UTC (RFC 5322 section 3.3)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return None


def _part(mail: EmailMessage, kind: str) -> str:
    with suppress(Exception):  # unknown charsets, broken encodings
        part = mail.get_body((kind,))
        return str(part.get_content()) if part is not None else ""
    return ""
