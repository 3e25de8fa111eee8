"""Replies of a mail server, read from bytes and judged by the position they were given at. No socket here."""

from __future__ import annotations

import re
from collections import deque
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from sales_campaigns.errors import Outside, OutsideKind

LONGEST_REPLY = 65_536  # bytes without a complete reply in them: beyond this nobody is speaking SMTP
LONGEST_WORDS = 400

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Lost(Exception):
    """The connection ended, fell silent or spoke something that is not SMTP: nothing more comes from it."""


class Position(StrEnum):
    """Where in the conversation a reply was given. The value reads after "The mail server refused …"."""

    GREETING = "the connection"
    HELLO = "our greeting"
    STARTTLS = "to encrypt the connection"
    AUTH = "the sign-in"
    RESET = "to start afresh"
    MAIL = "the sender"
    RCPT = "the recipient"
    DATA = "to take the message"
    BODY = "the message"
    NOOP = "a sign of life"


class Reply(NamedTuple):
    """One reply: its code, and its lines without the code, joined by line breaks."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code of RFC 2034, if it agrees with the class of the reply."""
        found = _ENHANCED.match(self.text)
        return found[1] if found and found[1][0] == str(self.code)[0] else None

    @property
    def words(self) -> str:
        """One printable line, as people may see it."""
        usual = self.text.isascii() and self.text.isprintable()
        text = self.text if usual else _UNPRINTABLE.sub(" ", self.text)
        return f"{self.code} {' '.join(text.split())}".strip()[:LONGEST_WORDS]


class ReplyReader:
    """Cuts a stream of bytes into replies, several lines to one where the server continues with a hyphen."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._begun: list[tuple[int, str]] = []

    @property
    def empty(self) -> bool:
        return not (self._rest or self._lines or self._begun)

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        self._lines.extend(lines)

    def next(self) -> Reply | None:
        """The next complete reply, None while bytes are missing. Raises Lost when this is not SMTP."""
        while self._lines:
            code, text, last = _parsed(self._lines.popleft().rstrip(b"\r"))
            if last and not self._begun:
                return Reply(code, text)
            self._begun.append((code, text))
            if last:
                return self._finish()
        self._refuse_flood()
        return None

    def _finish(self) -> Reply:
        lines, self._begun = self._begun, []
        if len({code for code, _ in lines}) > 1:
            raise Lost("an answer whose lines disagree about its code")
        return Reply(lines[0][0], "\n".join(text for _, text in lines))

    def _refuse_flood(self) -> None:
        if len(self._rest) + sum(len(text) + len("250-") for _, text in self._begun) > LONGEST_REPLY:
            raise Lost("an answer without an end")


@lru_cache(maxsize=100)  # most answers are the same for every mail
def _parsed(line: bytes) -> tuple[int, str, bool]:
    """Code, text, and whether it is the last line of its reply."""
    head, mark = line[:3], line[3:4]
    if not (len(head) == 3 and head.isdigit() and b"200" <= head <= b"599" and mark in b" -"):
        raise Lost(f"an answer that is not SMTP: {line[:60]!r}")
    return int(head), line[4:].decode("utf-8", "replace"), mark != b"-"


def taken(reply: Reply, position: Position) -> bool:
    """Whether the reply says yes at this position. Raises Lost for one that cannot be an answer there."""
    if reply.code >= 400:
        return False
    expected = 3 if position is Position.DATA else 2
    if reply.code // 100 != expected:
        raise Lost(f"an answer out of step: {reply.words}")
    return True


def refusal(reply: Reply, position: Position) -> Outside:
    """The error that a refusing reply stands for, in the server's own words."""
    return Outside(
        kind_of(position, reply.code, reply.enhanced),
        f"The mail server refused {position}: {reply.words}",
        code=reply.code,
        enhanced=reply.enhanced,
    )


# Replies about the sequence or the syntax of commands: the server's set-up is at fault, never the address.
_OUR_COMMANDS = {500, 502, 503, 504, 555}
_SIGN_IN_FIRST = {530, 534, 535, 538}
_BEFORE_THE_MAIL = {
    Position.GREETING, Position.HELLO, Position.STARTTLS, Position.RESET, Position.MAIL, Position.NOOP,
}  # fmt: skip
_ABOUT_THE_SENDER = {"5.1.7", "5.1.8"}
_TOO_LARGE = {"5.2.3", "5.3.4"}


def kind_of(position: Position, code: int, enhanced: str | None = None) -> OutsideKind:
    """What a refusal means for the item and its mailbox. The rule: the table of ports, by position."""
    if code < 500:
        return _soft(position, code, enhanced or "")
    return _hard(position, code, enhanced or "")


def _soft(position: Position, code: int, enhanced: str) -> OutsideKind:
    # After the body a 421 counts as an attempt: a mail that always ends the line must not loop for ever.
    slow_down = code == 421 and position is not Position.BODY
    if slow_down or (code in (450, 451) and enhanced.startswith("4.7.")):
        return OutsideKind.RATE_LIMITED
    return OutsideKind.TRANSIENT


def _hard(position: Position, code: int, enhanced: str) -> OutsideKind:
    if position is Position.AUTH or code in _SIGN_IN_FIRST:
        return OutsideKind.AUTHORISATION
    if enhanced.startswith("5.7."):
        return OutsideKind.POLICY
    if enhanced.startswith("5.6.") or enhanced in _TOO_LARGE:
        return OutsideKind.MESSAGE
    if code == 552 and position is not Position.RCPT:
        return OutsideKind.MESSAGE
    return _hard_by_position(position, code, enhanced)


def _hard_by_position(position: Position, code: int, enhanced: str) -> OutsideKind:
    if position in _BEFORE_THE_MAIL or enhanced in _ABOUT_THE_SENDER:
        return OutsideKind.POLICY
    if code in _OUR_COMMANDS and position is not Position.BODY:
        return OutsideKind.POLICY
    if position is Position.RCPT or enhanced.startswith("5.1."):
        return OutsideKind.RECIPIENT
    return OutsideKind.MESSAGE
