"""The mail transactions of one connection, as a dialogue without a socket.

`converse` is a generator: it yields what to write, when to read a reply and each mail's outcome; whoever
drives it sends the replies in and throws Lost when the connection fails. So the order of commands, the
pipelining and the judgement of failures stand here once. How far it has come stands in the line, so that it
may be left off and taken up again where a reply to a body is waited for: see `flow`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from integrations.smtp.envelopes import Command, Offers, body, envelope, objection
from integrations.smtp.replies import Lost, Position, Reply, refusal, taken
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import HandOver, OutgoingMail

LAST_PIECE = 65_536  # bytes of a body that are written together with its final dot
_LAST_WORDS_SECONDS = 1.0
_CLOSING = 421
_RESET = Command(Position.RESET, b"RSET\r\n")
_LONE_DOT = b".\r\n"


class Write(NamedTuple):
    data: bytes


class Read(NamedTuple):
    seconds: float


class Check(NamedTuple):
    """Make sure that the server has said nothing unasked, which before a body could only be a farewell."""


T = TypeVar("T")
Step = Write | Read | Check | HandOver
Asking = Generator[Step, Reply | None, T]


class Ahead(NamedTuple):
    """The next mail, whose first group of commands travels with the body before it. `agreed`: the server has said yes
    to all of them.
    """

    mail: OutgoingMail
    groups: list[list[Command]]
    agreed: bool = False


class Out(NamedTuple):
    """The mail whose body was written: `whole`, or `dotted` if its final dot may have left at least."""

    mail: OutgoingMail
    dotted: bool
    whole: bool


@dataclass(slots=True)
class Line:
    """What is known of one connection. `cap` is how many mails it may carry, None for no limit."""

    offers: Offers
    reply_seconds: float
    final_reply_seconds: float
    cap: int | None = None
    success_notices: bool = False
    reported: bool = False  # what becomes of the mails is told by events of the relay
    served: int = 0  # mails settled on this connection
    answered: bool = False  # the mail at hand is begun: it cannot just go on another connection
    ahead: Ahead | None = None
    out: Out | None = None  # its reply is waited for
    left_out: list[tuple[str, str]] = field(
        default_factory=list
    )  # copies of the mail at hand, with the reply
    unclean: bool = False  # a transaction was left half way: RSET goes first
    over: bool = False  # nothing more is offered on this connection
    closed_to_all: Outside | None = None  # a refusal that holds for every mail of this mailbox


def converse(line: Line, waiting: deque[OutgoingMail]) -> Asking[None]:
    """Hand over the waiting mails in order, taking each from the queue as it is settled.

    Ends when the queue is empty or the line is over; what is still waiting then was not sent.
    """
    while waiting and not line.over:
        outcome = yield from _transaction(line, waiting)
        if outcome is None:
            return
        waiting.popleft()
        line.served += 1
        line.over = line.over or line.served == line.cap
        yield outcome


def refused_as(mail: OutgoingMail, refused: Outside, reply: str = "") -> HandOver:
    return HandOver(mail.key, reply, refused.code, refused)


def _transaction(line: Line, waiting: deque[OutgoingMail]) -> Asking[HandOver | None]:
    """One mail's outcome; None when the line ended before it began, so that it may go on a fresh one."""
    if line.out is not None:
        return (yield from _answer(line, line.out))
    mail = waiting[0]
    ahead, line.ahead = line.ahead, None
    if ahead is None and (unfit := objection(mail, line.offers)):
        return refused_as(mail, unfit)
    line.answered, line.left_out = False, []
    try:
        refused = yield from _offer(line, mail, ahead)
    except Lost as lost:
        line.over = True
        if line.served and not line.answered:
            return None
        return refused_as(mail, _not_sent(lost))
    return refused or (yield from _transfer(line, mail, following(line, waiting)))


def _offer(line: Line, mail: OutgoingMail, ahead: Ahead | None) -> Asking[HandOver | None]:
    """Write the envelope, unless it is out already, and judge every reply. None when the body may follow."""
    groups = [] if ahead and ahead.agreed else ahead.groups if ahead else _groups(line, mail)
    for number, group in enumerate(groups):
        if number or not ahead:
            yield Write(_bytes(group))
        refused = yield from _hear(line, mail, group)
        if refused:
            return refused
    # An envelope that went ahead may have waited for our caller longer than the server did.
    line.answered = ahead is None
    yield Check()
    return None


def _groups(line: Line, mail: OutgoingMail) -> list[list[Command]]:
    groups = envelope(mail, line.offers, line.success_notices)
    if not line.unclean:
        return groups
    return [[_RESET, *groups[0]], *groups[1:]] if line.offers.pipelining else [[_RESET], *groups]


def _bytes(group: list[Command]) -> bytes:
    return b"".join(command.line for command in group)


def _hear(line: Line, mail: OutgoingMail, group: list[Command]) -> Asking[HandOver | None]:
    """One reply a command, each judged (RFC 2920 section 3.1); the first refusal is the mail's. That of a copy is the
    copy's own: the others get the mail.
    """
    refused: HandOver | None = None
    yes = True
    for command in group:
        reply = yield from _reply(line.reply_seconds)
        yes = _judged(line, reply, command.position)
        if not yes and command.copy and reply.code != _CLOSING:
            line.left_out.append((command.copy, reply.words))
        elif not yes and refused is None:
            refused = refused_as(mail, _turned_down(line, reply, command.position), reply.words)
        if line.over:
            return refused
    if refused:
        yield from _leave(line, data_is_open=yes and group[-1].position is Position.DATA)
    return refused


def _judged(line: Line, reply: Reply, position: Position) -> bool:
    if reply.code == _CLOSING and line.served and not line.answered:
        raise Lost(reply.words)  # the connection had served long enough; this mail is not what it is about
    yes = taken(reply, position)
    if position is not Position.RESET:
        line.answered = True
    elif yes:
        line.unclean = False
    else:
        raise Lost(reply.words)
    return yes


def _turned_down(line: Line, reply: Reply, position: Position) -> Outside:
    refused = refusal(reply, position)
    line.unclean = True
    line.over = reply.code == _CLOSING
    if position is Position.MAIL and refused.kind in (OutsideKind.RATE_LIMITED, OutsideKind.AUTHORISATION):
        line.closed_to_all, line.over = refused, True
    return refused


def _leave(line: Line, data_is_open: bool) -> Asking[None]:
    """A server may ask for the message though it took no recipient: RFC 2920 says to send the dot alone."""
    if data_is_open:
        yield Write(_LONE_DOT)
        yield from _reply(line.final_reply_seconds)
        line.unclean = False


def following(line: Line, waiting: deque[OutgoingMail]) -> OutgoingMail | None:
    """The mail whose envelope may travel with the body of the first that waits."""
    last = line.served + 1 == line.cap
    if last or not line.offers.pipelining or len(waiting) < 2 or objection(waiting[1], line.offers):
        return None
    return waiting[1]


def _transfer(line: Line, mail: OutgoingMail, after: OutgoingMail | None) -> Asking[HandOver]:
    """The body, in one write with the next envelope. From the write with the dot on, silence is unknown."""
    line.ahead = ahead = Ahead(after, _groups(line, after)) if after else None
    if mail.begins is not None:
        mail.begins()
    content = body(mail.mime)
    more = _bytes(ahead.groups[0]) if ahead else b""
    dotted = whole = yield from _put(content[:-LAST_PIECE])
    if whole:
        whole = yield from _put(content[-LAST_PIECE:] + more)
    line.out = Out(mail, dotted, whole)
    return (yield from _answer(line, line.out))


def _answer(line: Line, out: Out) -> Asking[HandOver]:
    """What the server says to the body."""
    try:
        reply = yield from _reply(line.final_reply_seconds if out.whole else _LAST_WORDS_SECONDS)
        yes = taken(reply, Position.BODY)
    except Lost as lost:
        line.over = True
        return refused_as(out.mail, _unknown(lost) if out.dotted else _not_sent(lost))
    finally:
        line.out = None
    line.over = line.over or not out.whole or reply.code == _CLOSING
    if yes and out.dotted:
        return taken_over(line, out.mail, reply)
    return refused_as(out.mail, refusal(reply, Position.BODY), reply.words)


def taken_over(line: Line, mail: OutgoingMail, reply: Reply) -> HandOver:
    promised = line.reported or (line.success_notices and line.offers.dsn)
    left_out, line.left_out = tuple(line.left_out), []
    return HandOver(mail.key, reply.words, reply.code, confirms=promised, left_out=left_out)


def _put(data: bytes) -> Asking[bool]:
    """Write; False when that failed. A server that closes half way may have said why: it is read next."""
    try:
        if data:
            yield Write(data)
    except Lost:
        return False
    return True


def _reply(seconds: float) -> Asking[Reply]:
    reply = yield Read(seconds)
    assert reply is not None
    return reply


def _not_sent(lost: Lost) -> Outside:
    return Outside(OutsideKind.TRANSIENT, f"The mail was not sent: {lost}.")


def _unknown(lost: Lost) -> Outside:
    words = f"The mail server had the whole mail and did not confirm it: {lost}. It may have been delivered."
    return Outside(OutsideKind.UNKNOWN, words)
