"""The port's mail provider over SMTP: one kept connection, opened when needed, renewed when it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from integrations.smtp.connection import Connection
from integrations.smtp.dialogue import Asking, Line, Read, Write, converse, refused_as
from integrations.smtp.opening import Settings, ask, open_connection, say_goodbye, unreachable
from integrations.smtp.replies import Lost, Position, Reply
from sales_campaigns.clock import machine_seconds
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Capabilities, HandOver, MailAccount, OutgoingMail

_NOOP = b"NOOP\r\n"


class _Kept(NamedTuple):
    connection: Connection
    line: Line


class SmtpProvider:
    """One mailbox by SMTP, used by one thread at a time."""

    def __init__(self, account: MailAccount, settings: Settings | None = None) -> None:
        self._account = account
        self._settings = settings or Settings()
        self._kept: _Kept | None = None
        self.capabilities = Capabilities(confirms_deliveries=self._settings.success_notices)

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        """Send in order over one connection, at most one mail of it without its final reply at any moment.

        Each fresh connection settles at least one mail, so a server that keeps closing ends the batch too.
        """
        waiting = deque(mails)
        while waiting:
            try:
                kept = self._open()
            except Outside as refused:
                yield from (refused_as(mail, refused) for mail in waiting)
                return
            yield from self._converse(kept, waiting)
            if kept.line.closed_to_all:
                yield from (refused_as(mail, kept.line.closed_to_all) for mail in waiting)
                return

    def check(self) -> None:
        """Connect, sign in, NOOP. Raises Outside with what to do."""
        self.close()
        kept = self._open()
        try:
            ask(kept.connection, _NOOP, Position.NOOP, self._settings.reply_seconds)
        except (Lost, Outside) as error:
            self._drop()
            raise unreachable(self._account, error) if isinstance(error, Lost) else error from error

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            say_goodbye(kept.connection)

    def _converse(self, kept: _Kept, waiting: deque[OutgoingMail]) -> Iterator[HandOver]:
        finished = False
        try:
            yield from _carry_out(kept.connection, converse(kept.line, waiting))
            finished = True
        finally:
            # A caller that stopped half way leaves a mail offered: only closing takes the offer back.
            if not finished and kept.line.offered:
                self._drop()
            elif kept.line.over:
                self._end(kept)

    def _open(self) -> _Kept:
        if self._kept and not self._alive(self._kept):
            self._drop()
        if self._kept is None:
            self._kept = self._connect()
        return self._kept

    def _connect(self) -> _Kept:
        settings = self._settings
        connection, offers = open_connection(self._account, settings)
        line = Line(offers, settings.reply_seconds, settings.final_reply_seconds)
        line.cap, line.success_notices = settings.mails_per_connection, settings.success_notices
        return _Kept(connection, line)

    def _alive(self, kept: _Kept) -> bool:
        if kept.line.over or not kept.connection.quiet:
            return False
        if machine_seconds() - kept.connection.last_heard < self._settings.idle_seconds:
            return True
        try:
            ask(kept.connection, _NOOP, Position.NOOP, self._settings.reply_seconds)
        except (Lost, Outside):
            return False
        return True

    def _end(self, kept: _Kept) -> None:
        """Leave politely where the line is whole; a broken one is only closed."""
        if kept.line.served == kept.line.cap:
            self.close()
        else:
            self._drop()

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            kept.connection.close()


def _carry_out(connection: Connection, talk: Asking[None]) -> Iterator[HandOver]:
    """Do what the dialogue asks, on a socket, and pass its outcomes on."""
    answer: Reply | None = None
    lost: Lost | None = None
    while True:
        try:
            step = talk.throw(lost) if lost else talk.send(answer)
        except StopIteration:
            return
        answer = lost = None
        if isinstance(step, HandOver):
            yield step
            continue
        try:
            answer = _do(connection, step)
        except Lost as error:
            lost = error


def _do(connection: Connection, step: Write | Read) -> Reply | None:
    if isinstance(step, Read):
        return connection.read(step.seconds)
    connection.write(step.data)
    return None
