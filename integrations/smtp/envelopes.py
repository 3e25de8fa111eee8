"""What is written for one mail: its commands and its body, as bytes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from integrations.smtp.replies import Position
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import OutgoingMail

LONGEST_ENVID = 100  # characters, RFC 3461 section 4.4
LONGEST_ORCPT = 480  # with its type within the 500 that section 4.2 allows

_NOT_IN_A_PATH = re.compile(r"[\x00-\x20\x7f-\x9f<>\u2028\u2029]")
_NOT_IN_XTEXT = re.compile(r"[^!-*,-<>-~]")
_SIZE = re.compile(r"[0-9]{1,9}")  # one that is longer is no limit
_USUAL_PATH = re.compile(r"[!-;=?-~]+")
_NO_LINE_END = bytes(set(range(256)) - {13, 10})
_LONE_OR_DOTTED = re.compile(rb"\r(?!\n(?!\.))")
_DATA = b"DATA\r\n"


class Command(NamedTuple):
    """`copy`: the address that it asks the server to take a copy for."""

    position: Position
    line: bytes
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What the server's answer to EHLO offers. `size` is its limit in bytes, None when it names none."""

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False
    starttls: bool = False
    size: int | None = None
    sign_ins: tuple[str, ...] = ()


def offers_of(text: str) -> Offers:
    """Read the lines of an EHLO reply, the first of which is the server's name."""
    words = [line.upper().replace("AUTH=", "AUTH ").split() for line in text.split("\n")[1:]]
    offered = {line[0]: line[1:] for line in words if line}
    size = next((int(limit) for limit in offered.get("SIZE", []) if _SIZE.fullmatch(limit)), 0)
    return Offers(
        pipelining="PIPELINING" in offered,
        eight_bit="8BITMIME" in offered,
        utf8="SMTPUTF8" in offered,
        dsn="DSN" in offered,
        starttls="STARTTLS" in offered,
        size=size or None,
        sign_ins=tuple(offered.get("AUTH", [])),
    )


def objection(mail: OutgoingMail, offers: Offers) -> Outside | None:
    """Why this mail cannot be offered to this server at all; None when it can."""
    if _is_usual(mail, offers):
        return None
    words = next(_objections(mail, offers), None)
    return Outside(OutsideKind.MESSAGE, words) if words else None


def _is_usual(mail: OutgoingMail, offers: Offers) -> bool:
    """One recipient, plain addresses, and a body that the server takes as it is: nothing below objects to it."""
    return (
        len(mail.recipients) == 1
        and not mail.needs_utf8
        and offers.eight_bit
        and (offers.size is None or len(mail.mime) <= offers.size)
        and _USUAL_PATH.fullmatch(mail.sender) is not None
        and _USUAL_PATH.fullmatch(mail.recipients[0]) is not None
    )


def _objections(mail: OutgoingMail, offers: Offers) -> Iterator[str]:
    if not mail.recipients:
        yield "The mail has no recipient."
    if any(_NOT_IN_A_PATH.search(address) for address in (mail.sender, *mail.recipients)):
        yield "An address of the envelope contains characters that no mail server takes."
    if _needs_utf8(mail) and not offers.utf8:
        yield "The mail server does not take addresses with letters beyond ASCII (it lacks SMTPUTF8)."
    if not offers.eight_bit and not mail.mime.isascii():
        yield "The mail server takes only 7-bit mail (it lacks 8BITMIME): encode the text before sending."
    if offers.size is not None and len(mail.mime) > offers.size:
        yield f"The mail has {len(mail.mime):,} bytes, the mail server takes {offers.size:,} at most."


def envelope(mail: OutgoingMail, offers: Offers, success_notices: bool = False) -> list[list[Command]]:
    """The commands of one mail, in groups that are written at once (RFC 2920).

    DATA shares the group of its recipient only when there is one: a lone dot after a refused recipient
    ends an empty transaction, but among several it would deliver an empty mail to the others.
    """
    first, *copies = mail.recipients
    opening = [
        Command(Position.MAIL, _from(mail, offers)),
        Command(Position.RCPT, _to(first, offers, success_notices)),
        *(Command(Position.RCPT, _to(one, offers, success_notices), one) for one in copies),
    ]
    data = Command(Position.DATA, _DATA)
    if not offers.pipelining:
        return [[command] for command in (*opening, data)]
    return [[*opening, data]] if len(mail.recipients) == 1 else [opening, [data]]


def whole_envelope(mail: OutgoingMail, offers: Offers, success_notices: bool = False) -> bytes:
    """That of a mail to one recipient, for a server with pipelining: the bytes of its one group."""
    return _from(mail, offers) + _to(mail.recipients[0], offers, success_notices) + _DATA


def _from(mail: OutgoingMail, offers: Offers) -> bytes:
    return b"MAIL FROM:<%s>%s\r\n" % (mail.sender.encode(), _parameters(mail, offers))


def _to(recipient: str, offers: Offers, success_notices: bool) -> bytes:
    notify = b" NOTIFY=SUCCESS,FAILURE,DELAY" if success_notices and offers.dsn else b""
    return b"RCPT TO:<%s>%s%s\r\n" % (recipient.encode(), notify, _orcpt(recipient, offers))


def _parameters(mail: OutgoingMail, offers: Offers) -> bytes:
    size = b" SIZE=%d" % len(mail.mime) if offers.size is not None else b""
    body = b" BODY=8BITMIME" if offers.eight_bit and not mail.mime.isascii() else b""
    utf8 = b" SMTPUTF8" if _needs_utf8(mail) else b""
    # A report shows the headers of our mail: enough to name it, and not the words again.
    return size + body + utf8 + (b" RET=HDRS" + _envid(mail.message_id) if offers.dsn else b"")


def _needs_utf8(mail: OutgoingMail) -> bool:
    return mail.needs_utf8 or not (mail.sender.isascii() and "".join(mail.recipients).isascii())


def _envid(message_id: str) -> bytes:
    """The Message-ID as ENVID, so that a bounce names its mail (RFC 3461); nothing when it is too long."""
    bare = message_id.strip("<> ")
    text = _xtext(bare)
    return b" ENVID=" + text.encode() if bare.isascii() and 0 < len(text) <= LONGEST_ENVID else b""


def _orcpt(recipient: str, offers: Offers) -> bytes:
    """The address as we wrote it, so that a report names it however it was forwarded (RFC 3461 section 4.2)."""
    text = _xtext(recipient)
    named = offers.dsn and recipient.isascii() and len(text) <= LONGEST_ORCPT
    return b" ORCPT=rfc822;" + text.encode() if named else b""


def _xtext(text: str) -> str:
    return _NOT_IN_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def body(mime: bytes) -> bytes:
    """The message as it crosses the wire: every line ends with CRLF, leading dots doubled, the final dot.

    A bare CR or LF is made a whole line end, so that no server can see a second message in it.
    """
    if _is_ready(mime):
        return mime + b".\r\n"
    lines = [b"." + line if line[:1] == b"." else line for line in mime.splitlines()]
    return b"\r\n".join([*lines, b".\r\n"])


def _is_ready(mime: bytes) -> bool:
    """Whether every CR and LF in it belongs to a whole line end, the last line is ended, and none begins with a dot."""
    ends = mime.translate(None, _NO_LINE_END)
    whole = ends == b"\r\n" * (len(ends) // 2) and _LONE_OR_DOTTED.search(mime) is None
    return whole and mime[-2:] == b"\r\n" and mime[:1] != b"."
