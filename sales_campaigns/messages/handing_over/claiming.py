"""Take due messages for this process: pending → claimed, with a lease, an owner and a new generation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from sales_campaigns.claims import claim_rows, lease_until
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import HOLDERS, named_by, nothing_holds
from sales_campaigns.messages.models import DUE, Message, MessageState
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.unit_of_work import UnitOfWork


class Claim(NamedTuple):
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
    due = (Message.mailbox_id == mailbox_id, Message.act_at <= uow.now, nothing_holds())
    return _claim(uow, due, owner, lease_seconds, limit)


def claim_these(uow: UnitOfWork, ids: Sequence[int], owner: str, lease_seconds: int) -> list[Claim]:
    """Those of these that wait."""
    return _claim(uow, (Message.id.in_(ids),), owner, lease_seconds, len(ids)) if ids else []


def _claim(
    uow: UnitOfWork,
    which: tuple[sa.ColumnElement[bool], ...],
    owner: str,
    lease_seconds: int,
    limit: int,
) -> list[Claim]:
    rows = claim_rows(
        uow.session,
        Message,
        sa.text(f"message.{DUE}"),
        *which,
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
