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
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content import bodies, former_bodies
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


FORM = 2  # in which mails are written now
_PARTS = {1: former_bodies.part_of, 2: bodies.part_of}


class Frame(NamedTuple):
    """The headers that many mails have in common: those before the recipient's, and those behind the subject."""

    before: bytes
    behind: bytes


def build(letter: Letter, form: int = FORM) -> bytes:
    """Return the whole message: CRLF, at most 998 octets a line, multipart/alternative of text and HTML.

    `form` tells mails apart that left when they were written in another way. Raises Invalid for an address, message
    id or header that cannot stand in a mail.
    """
    part_of = _PARTS[form]
    return with_parts(letter, (part_of(_ended(letter.text), "plain"), part_of(_ended(letter.html), "html")))


def with_parts(letter: Letter, parts: tuple[bytes, bytes]) -> bytes:
    """The message with its text and HTML as they were written already. Raises as `build`."""
    recipient, *copies = map(check_address, (letter.to_email, *letter.cc))
    to = to_line(letter.to_name, recipient)
    if copies:
        to += folded("Cc", tuple(_mailbox("", copy) for copy in copies))
    frame = frame_of(letter)
    return framed(frame, _checked_id(letter.message_id), to, subject_line(letter.subject), parts)


def frame_of(letter: Letter) -> Frame:
    """Of what `letter` says beside its name, its recipients, its subject and its words. Raises as `build`."""
    before = _date(letter.date, letter.zone) + _from(letter.from_name, check_address(letter.from_email))
    behind = "".join(folded(name, value) for name, value in (*_thread(letter), *_others(letter.headers)))
    return Frame(before.encode(), behind.encode())


def framed(frame: Frame, message_id: str, to: str, subject: str, parts: tuple[bytes, bytes]) -> bytes:
    """The message; `to` and `subject` are whole header lines."""
    name, boundary = message_id.encode(), boundary_of(message_id).encode()
    text, html = parts
    return (
        b"Message-ID: %b\r\n%b%b%b%bMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n'
        b"--%b\r\n%b\r\n--%b\r\n%b\r\n--%b--\r\n"
    ) % (
        *(name, frame.before, to.encode(), subject.encode(), frame.behind),
        *(boundary, boundary, text, boundary, html, boundary),
    )


def boundary_of(message_id: str) -> str:
    """Between the parts of this message: the same whenever it is written again."""
    return f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:40]}"


def new_message_id(unique: str, domain: str) -> str:
    """Return `<unique@domain>` (RFC 5322), the domain in A-labels. Raises Invalid for other characters."""
    host = host_of(domain)
    if not _DOT_ATOM.fullmatch(unique) or len(unique) > 200:
        raise Invalid({"message_id": "A message id may have letters, digits, dots and dashes."})
    return f"<{unique}@{host}>"


@lru_cache(maxsize=1_000)
def host_of(domain: str) -> str:
    """What stands behind the @ of a message id: the domain in A-labels. Raises Invalid."""
    return check_address(f"postmaster@{domain}").wire.partition("@")[2]


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


def to_line(name: str, recipient: MailAddress) -> str:
    """The header that names whom it goes to."""
    line = f"To: {name} <{recipient.wire}>\r\n"
    return line if _USUAL_TO.fullmatch(line) else folded("To", (_mailbox(name, recipient),))


def subject_line(subject: str) -> str:
    return folded("Subject", one_line(subject))


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
