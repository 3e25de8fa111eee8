"""The recipients of a rehearsal: what their script makes them do reaches the product at its own instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.ports import IncomingMail, Look, Sandbox
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

Receive = Callable[[UnitOfWork, Mailbox, Sequence[IncomingMail]], int]
Notice = Callable[[UnitOfWork, Sequence[Look]], None]


def unnoticed(_uow: UnitOfWork, _looks: Sequence[Look]) -> None:
    """Opens and clicks that nobody counts."""


@dataclass
class Recipients:
    """`receive` takes in what came into a mailbox, `notice` what was opened and clicked."""

    room: PostRoom
    sandbox: Sandbox
    receive: Receive
    notice: Notice = unnoticed
    _cursors: dict[str, str] = field(default_factory=dict)
    _seen: int = 0

    def next_act(self, after: datetime) -> datetime | None:
        return self.sandbox.next_event(after)

    def act(self) -> int:
        """Give over what came since the last time; how much it was, without copies of what was sent."""
        looks = self.sandbox.looks(self._seen)
        self._seen += len(looks)
        came = len(looks)
        with unit_of_work(self.room.sessions, self.room.clock) as uow:
            self.notice(uow, looks)
            for mailbox in uow.session.scalars(sa.select(Mailbox).order_by(Mailbox.id)):
                came += self._read(uow, mailbox)
        return came

    def _read(self, uow: UnitOfWork, mailbox: Mailbox) -> int:
        changes = self.sandbox.changes(mailbox.address, self._cursors.get(mailbox.address, ""))
        self._cursors[mailbox.address] = changes.cursor
        if changes.mails:
            self.receive(uow, mailbox, changes.mails)
        return sum(not mail.own for mail in changes.mails)
