"""The recipients of a rehearsal: what their script makes them do reaches the product at its own instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports import IncomingMail, Look, Sandbox
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

Receive = Callable[[UnitOfWork, Mailbox, Sequence[IncomingMail]], int]
Notice = Callable[[UnitOfWork, Sequence[Look]], None]


def unnoticed(_uow: UnitOfWork, _looks: Sequence[Look]) -> None:
    """Opens and clicks that nobody counts."""


@dataclass
class Recipients:
    """Who is written to from the mailbox at `address`: `receive` takes in what came, `notice` what was looked at."""

    room: PostRoom
    sandbox: Sandbox
    address: str
    receive: Receive
    notice: Notice = unnoticed
    _cursor: str = ""
    _seen: int = 0

    def next_act(self, after: datetime) -> datetime | None:
        return self.sandbox.next_event(after)

    def act(self) -> int:
        """Give over what came since the last time; how much it was, without copies of what was sent."""
        looks, changes = self.sandbox.looks(self._seen), self.sandbox.changes(self.address, self._cursor)
        self._seen, self._cursor = self._seen + len(looks), changes.cursor
        if looks or changes.mails:
            with unit_of_work(self.room.sessions, self.room.clock) as uow:
                self.notice(uow, looks)
                mine = sa.select(Mailbox).where(Mailbox.address == self.address)
                self.receive(uow, uow.session.scalars(mine).one(), changes.mails)
        return len(looks) + sum(not mail.own for mail in changes.mails)
