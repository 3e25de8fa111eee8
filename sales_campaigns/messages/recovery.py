"""What a dead process left behind: only claimed goes back, begun is uncertain. Nothing is ever sent twice by itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.gate import about
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.unit_of_work import UnitOfWork

LOST = "The process that was sending it ended before the server's answer was written down."


def recover(uow: UnitOfWork, *, everything: bool = False) -> tuple[int, int]:
    """Take over expired leases; `everything` at the start of the only process, when all leases are of a dead one.

    Returns (sent back to pending, now uncertain). A message whose hand-over had begun may have left: only the
    server or a person can say, so it is shown and never sent again by itself.
    """
    expired = sa.true() if everything else Message.lease_until < machine_now()
    released = {"lease_until": None, "owner": None}
    back = _take(uow, "return", expired, **released, recoveries=Message.recoveries + 1)
    lost = _take(uow, "lose_sight", expired, **released, words=LOST)
    for message in uow.session.scalars(sa.select(Message).where(Message.id.in_(lost))):
        uow.record("message.uncertain", **about(message))
    return len(back), len(lost)


def _take(uow: UnitOfWork, event: str, expired: sa.ColumnElement[bool], **also: Any) -> list[int]:
    """Make this move with what nobody else is working on: a late answer that is being written comes first."""
    free = (
        sa.select(Message.id)
        .where(Message.state.in_(MESSAGE.sources(event)), expired)
        .with_for_update(skip_locked=True)
    )
    return move_many(uow.session, MESSAGE, Message, event, Message.id.in_(free), **also)
