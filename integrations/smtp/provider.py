"""The port's mail provider over SMTP: kept connections, opened when needed, renewed when they ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from integrations.smtp.dialogue import Line, refused_as
from integrations.smtp.lanes import Lane, side_by_side
from integrations.smtp.opening import Settings, ask, open_connection, say_goodbye, unreachable
from integrations.smtp.replies import Lost, Position
from sales_campaigns.clock import machine_seconds
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Capabilities, HandOver, MailAccount, OutgoingMail

# New connections for each that stands are opened side by side: a server that refuses the first (a wrong password) is
# asked once, one that allows a few is not asked for many more again and again.
_AT_ONCE = 3
_NOOP = b"NOOP\r\n"


class SmtpProvider:
    """One mailbox by SMTP, used by one thread at a time."""

    def __init__(self, account: MailAccount, settings: Settings | None = None) -> None:
        self._account = account
        self._settings = settings or Settings()
        self._connections = max(self._settings.connections, account.connections)
        self._lanes: list[Lane] = []
        self.capabilities = Capabilities(
            confirms_deliveries=self._settings.success_notices or account.reported, announces=True
        )

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        """Send in order, each connection having at most one mail without its final reply at any moment.

        Each fresh connection settles at least one mail, so a server that keeps closing ends the batch too.
        """
        waiting = deque(mails)
        while waiting:
            try:
                lanes = self._open(min(self._connections, len(waiting)))
            except Outside as refused:
                yield from (refused_as(mail, refused) for mail in waiting)
                return
            yield from self._converse(lanes, waiting)

    def check(self) -> int | None:
        """Connect, sign in, NOOP; what the server says of SIZE (RFC 1870). Raises Outside with what to do."""
        self.close()
        (lane,) = self._open(1)
        try:
            ask(lane.connection, _NOOP, Position.NOOP, self._settings.reply_seconds)
        except (Lost, Outside) as error:
            self._drop(lane)
            raise unreachable(self._account, error) if isinstance(error, Lost) else error from error
        return lane.line.offers.size

    def close(self) -> None:
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            say_goodbye(lane.connection)

    def _converse(self, lanes: Sequence[Lane], waiting: deque[OutgoingMail]) -> Iterator[HandOver]:
        try:
            yield from side_by_side(lanes, waiting)
        finally:
            for lane in lanes:
                # A caller that stopped half way leaves a mail offered: only closing takes the offer back.
                if lane.busy or lane.line.over:
                    self._end(lane)

    def _open(self, count: int) -> list[Lane]:
        """That many lanes in working order, fewer where the server allows fewer. Raises Outside at none."""
        for lane in list(self._lanes):
            if lane.busy or not self._alive(lane):
                self._drop(lane)
        if not self._lanes:
            self._lanes.append(self._connect())
        while (missing := count - len(self._lanes)) > 0:
            asked = min(missing, _AT_ONCE * len(self._lanes))
            opened = self._connect_side_by_side(asked)
            self._lanes += opened
            if len(opened) < asked:
                break
        return self._lanes[:count]

    def _connect_side_by_side(self, count: int) -> list[Lane]:
        """Up to that many new lanes: those that the server allows."""
        with ThreadPoolExecutor(count, thread_name_prefix="connecting") as pool:
            begun = [pool.submit(self._connect) for _ in range(count)]
        refused = [one.exception() for one in begun]
        opened = [one.result() for one, why in zip(begun, refused, strict=True) if why is None]
        unexpected = next((why for why in refused if why and not isinstance(why, Outside)), None)
        if unexpected:
            for lane in opened:
                self._drop(lane)
            raise unexpected
        return opened

    def _connect(self) -> Lane:
        settings = self._settings
        connection, offers = open_connection(self._account, settings)
        line = Line(offers, settings.reply_seconds, settings.final_reply_seconds)
        line.cap, line.success_notices = settings.mails_per_connection, settings.success_notices
        line.reported = self._account.reported
        return Lane(connection, line)

    def _alive(self, lane: Lane) -> bool:
        if not lane.connection.quiet:
            return False
        if machine_seconds() - lane.connection.last_heard < self._settings.idle_seconds:
            return True
        try:
            ask(lane.connection, _NOOP, Position.NOOP, self._settings.reply_seconds)
        except (Lost, Outside):
            return False
        return True

    def _end(self, lane: Lane) -> None:
        """Leave politely where the line is whole; a broken one is only closed."""
        if lane.line.served == lane.line.cap and not lane.busy:
            self._lanes.remove(lane)
            say_goodbye(lane.connection)
        else:
            self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        if lane in self._lanes:
            self._lanes.remove(lane)
        lane.connection.close()
