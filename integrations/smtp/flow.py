"""The usual course of a connection that carries one mail after the other: each body travels with the next envelope, and
the server says yes to all of it at once.

What happens is what `dialogue` would do with the same bytes, in fewer steps. Whatever is not usual is left to it: the
line says how far the mails have come, and a dialogue that is begun on it goes on from there.
"""

from __future__ import annotations

import re
from collections import deque

from integrations.smtp.dialogue import LAST_PIECE, Ahead, Line, Out, following, taken_over
from integrations.smtp.envelopes import Command, body, whole_envelope
from integrations.smtp.replies import Position, Reply
from sales_campaigns.ports import HandOver, OutgoingMail

# To the body, and to MAIL, RCPT and DATA of the next mail, with one line each.
_YES_TO_ALL = re.compile(rb"250 ([^\r\n]*)\r\n250 [^\r\n]*\r\n250 [^\r\n]*\r\n354 [^\r\n]*\r\n")
# Their bytes are written: only what they are still counts.
_WRITTEN = [[Command(one, b"") for one in (Position.MAIL, Position.RCPT, Position.DATA)]]


def yes_to_all(line: Line, heard: bytes) -> Reply | None:
    """The reply to the body that is out, where these bytes take it and the whole envelope behind it."""
    if line.ahead is None or line.out is None or not line.out.whole or not _one_group(line.ahead):
        return None
    found = _YES_TO_ALL.fullmatch(heard)
    return Reply(250, found[1].decode("utf-8", "replace")) if found else None


def _one_group(ahead: Ahead) -> bool:
    return ahead.groups is _WRITTEN or (len(ahead.groups) == 1 and len(ahead.groups[0]) == len(_WRITTEN[0]))


def settle(line: Line, waiting: deque[OutgoingMail], reply: Reply) -> HandOver:
    """The mail at hand is taken, and the next may follow with its body."""
    mail, ahead = waiting.popleft(), line.ahead
    assert ahead is not None
    line.ahead, line.out, line.answered = Ahead(ahead.mail, ahead.groups, agreed=True), None, False
    line.served += 1
    return taken_over(line, mail, reply)


def next_write(line: Line, waiting: deque[OutgoingMail]) -> bytes:
    """The body of the mail whose envelope is agreed, with the envelope behind it; b"" where it takes more than that."""
    mail, after = waiting[0], following(line, waiting)
    content = body(mail.mime)
    if len(content) > LAST_PIECE or (after is not None and len(after.recipients) > 1):
        return b""
    line.ahead = Ahead(after, _WRITTEN) if after else None
    if mail.begins is not None:
        mail.begins()
    line.out = Out(mail, dotted=True, whole=True)
    return content + whole_envelope(after, line.offers, line.success_notices) if after else content
