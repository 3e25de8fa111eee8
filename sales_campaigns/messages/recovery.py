"""What a dead process left behind: only claimed goes back, begun is uncertain. Nothing is ever sent twice by itself."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.gate import about
from sales_campaigns.messages.models import Message, MessageState
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
    back = move_many(
        uow.session, MESSAGE, Message, "return", expired, **released, recoveries=Message.recoveries + 1
    )
    lost = move_many(uow.session, MESSAGE, Message, "lose_sight", expired, **released, words=LOST)
    for message in uow.session.scalars(sa.select(Message).where(Message.id.in_(lost))):
        uow.record("message.uncertain", **about(message))
    return len(back), len(lost)


def leased(uow: UnitOfWork) -> int:
    """How many messages are in somebody's hands now."""
    return (
        uow.session.scalar(
            sa.select(sa.func.count()).where(Message.state.in_({MessageState.CLAIMED, MessageState.SENDING}))
        )
        or 0
    )
