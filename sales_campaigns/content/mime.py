"""The bytes of a mail, as they leave. The same letter gives the same bytes, on any machine, at any time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.utils import format_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.bodies import alternative, part_of
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.headers import folded
from sales_campaigns.errors import Invalid

_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# What fits into one line and stands there as it is: nothing to quote, to encode or to fold.
_USUAL_TO = re.compile(
    r"(?=.{,76}\r)To:(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)+ "
    r"<[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*>\r\n"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,800}>")
_FURTHER = re.compile(
    r"(?!(?:message-id|date|from|to|cc|bcc|subject|in-reply-to|references|mime-version|content-.*)$)[a-z0-9-]{1,76}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person, ready to be written.

    `date` is aware; the Date header shows it with the offset of `zone` (IANA name). Message ids stand in
    angle brackets. `headers` are further ones, such as List-Unsubscribe.
    """

    message_id: str
    date: datetime
    zone: str
    from_name: str
    from_email: str
    to_name: str
    to_email: str
    subject: str
    html: str
    text: str
    cc: tuple[str, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def build(letter: Letter) -> bytes:
    """Return the whole message: CRLF, at most 998 octets a line, multipart/alternative of text and HTML.

    Raises Invalid for an address, message id or header that cannot stand in a mail.
    """
    parts = part_of(_ended(letter.text), "plain"), part_of(_ended(letter.html), "html")
    return with_parts(letter, parts)


def with_parts(letter: Letter, parts: tuple[bytes, bytes]) -> bytes:
    """The message with its text and HTML as they were written already. Raises as `build`."""
    sender, recipient, *copies = map(check_address, (letter.from_email, letter.to_email, *letter.cc))
    head = "".join(
        (
            folded("Message-ID", _checked_id(letter.message_id)),
            _date(letter.date, letter.zone),
            _from(letter.from_name, sender),
            _to(letter.to_name, recipient),
            folded("Cc", tuple(_mailbox("", copy) for copy in copies)) if copies else "",
            folded("Subject", one_line(letter.subject)),
            *(folded(name, value) for name, value in (*_thread(letter), *_others(letter.headers))),
        )
    )
    return head.encode() + alternative(parts, boundary_of(letter.message_id))


def boundary_of(message_id: str) -> str:
    """Between the parts of this message: the same whenever it is written again."""
    return f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:40]}"


def new_message_id(unique: str, domain: str) -> str:
    """Return `<unique@domain>` (RFC 5322), the domain in A-labels. Raises Invalid for other characters."""
    host = check_address(f"postmaster@{domain}").wire.partition("@")[2]
    if not _DOT_ATOM.fullmatch(unique) or len(unique) > 200:
        raise Invalid({"message_id": "A message id may have letters, digits, dots and dashes."})
    return f"<{unique}@{host}>"


@lru_cache(maxsize=1_000)
def _date(date: datetime, zone: str) -> str:
    """The same in every mail of a batch."""
    if date.utcoffset() is None:
        raise ValueError("the date of a letter is aware")
    return folded("Date", format_datetime(date.astimezone(ZoneInfo(zone))))


@lru_cache(maxsize=1_000)
def _from(name: str, sender: MailAddress) -> str:
    """The same in every mail of a mailbox."""
    return folded("From", (_mailbox(name, sender),))


def _to(name: str, recipient: MailAddress) -> str:
    line = f"To: {name} <{recipient.wire}>\r\n"
    return line if _USUAL_TO.fullmatch(line) else folded("To", (_mailbox(name, recipient),))


def _mailbox(name: str, address: MailAddress) -> Mailbox:
    local, _, domain = address.wire.rpartition("@")
    return Mailbox(one_line(name), _unquoted(local), domain)


def _unquoted(local: str) -> str:
    """The library writes the quotes of a quoted local part itself."""
    return re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local


def _checked_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Invalid({"message_id": "A message id stands in angle brackets and has no spaces."})
    return message_id


def _thread(letter: Letter) -> Iterator[tuple[str, str]]:
    if letter.in_reply_to:
        yield "In-Reply-To", _checked_id(letter.in_reply_to)
    if letter.references:
        yield "References", " ".join(map(_checked_id, letter.references))


def _others(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not _FURTHER.fullmatch(name):
            raise Invalid({"headers": f"The header “{one_line(name)}” cannot be set here."})
        if not value or re.search(r"[\x00-\x1f\x7f]", value):
            raise Invalid({"headers": f"The header “{name}” is empty or has line breaks."})
        yield name, value


def _ended(text: str) -> str:
    return sendable(text).rstrip("\n") + "\n"
