"""Take due messages for this process: pending → claimed, with a lease, an owner and a new generation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sales_campaigns.claims import claim_rows, lease_until
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import HOLDERS, named_by, nothing_holds
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import MESSAGE, WAITING
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Claim:
    """One message and whose it is: a late process must not act on what somebody else took over.

    `holds` are those the message names, in the order in which they are locked.
    """

    message_id: int
    owner: str
    generation: int
    lease_seconds: int
    holds: tuple[tuple[str, int], ...]


def claim_due(uow: UnitOfWork, mailbox_id: int, owner: str, lease_seconds: int, limit: int) -> list[Claim]:
    """Up to `limit` due messages of this mailbox, the longest due first; none that a hold stops."""
    rows = claim_rows(
        uow.session,
        Message,
        Message.mailbox_id == mailbox_id,
        Message.state.in_(WAITING),
        Message.act_at <= uow.now,
        nothing_holds(),
        order=(Message.act_at, Message.id),
        limit=limit,
        values={
            "state": MessageState.CLAIMED,
            "owner": owner,
            "lease_until": lease_until(lease_seconds),
            "generation": Message.generation + 1,
        },
        read=(Message.generation, *(getattr(Message, column) for column in HOLDERS.values())),
    )
    return [Claim(row.id, owner, row.generation, lease_seconds, named_by(row)) for row in rows]


def give_back(uow: UnitOfWork, claims: Iterable[Claim]) -> None:
    """What was not looked at is free again at once."""
    for one in claims:
        mine = (Message.owner == one.owner, Message.generation == one.generation)
        released = {"lease_until": None, "owner": None}
        move_many(uow.session, MESSAGE, Message, "return", Message.id == one.message_id, *mine, **released)
