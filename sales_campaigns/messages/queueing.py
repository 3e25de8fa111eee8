"""Put messages into the outbox, move them in time, cancel them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.database import insert_rows
from sales_campaigns.lifecycle import move_many
from sales_campaigns.logs import trace_id
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.retrying import USUAL_VALIDITY, usual_validity
from sales_campaigns.messages.states import MESSAGE, WAITING
from sales_campaigns.unit_of_work import UnitOfWork
from sales_campaigns.wakeups import wake_up

# The promise that nothing leaves twice: a unique index holds it.
IDENTITY = (Message.delivery_id, Message.occasion, Message.email, Message.attempt)


def queue(uow: UnitOfWork, rows: Iterable[dict[str, Any]]) -> list[int]:
    """Insert pending messages; the ids in the order of `rows`.

    Each row needs the identity (delivery_id, occasion, email, attempt) and `due_at`; `act_at` may be later, to
    leave time for undoing. A second row of the same identity violates the unique index: nothing is sent twice.
    """
    given = list(rows)
    validity = usual_validity(uow.session) if given else USUAL_VALIDITY
    prepared = [_filled(uow.now, row, validity) for row in given]
    if not prepared:
        return []
    made = insert_rows(uow.session, Message, prepared, Message.id, *IDENTITY)
    if any(row["act_at"] <= uow.now for row in prepared):
        wake_up(uow)
    ids: dict[tuple[Any, ...], int] = {tuple(row[1:]): row.id for row in made}
    return [ids[tuple(row[column.key] for column in IDENTITY)] for row in prepared]


def next_attempts(uow: UnitOfWork, delivery_ids: Iterable[int], occasions: Iterable[int]) -> dict[Any, int]:
    """(delivery, occasion) → the attempt number that a new message of it would have, where one exists."""
    newest = uow.session.execute(
        sa.select(Message.delivery_id, Message.occasion, sa.func.max(Message.attempt))
        .where(Message.delivery_id.in_(list(delivery_ids)), Message.occasion.in_(list(occasions)))
        .group_by(Message.delivery_id, Message.occasion)
    )
    return {(delivery, occasion): attempt + 1 for delivery, occasion, attempt in newest}


def reschedule(uow: UnitOfWork, message_id: int, due_at: datetime, late_at: datetime | None = None) -> bool:
    """Move a message that still waits to another instant; False when it is no longer waiting."""
    return bool(reschedule_many(uow, [message_id], due_at, late_at))


def reschedule_many(
    uow: UnitOfWork, message_ids: Iterable[int], due_at: datetime, late_at: datetime | None = None
) -> list[int]:
    """Move messages that still wait to one other instant; the ids of those that moved."""
    moved = uow.session.execute(
        sa.update(Message)
        .where(Message.id.in_(list(message_ids)), Message.state.in_(WAITING))
        .values(
            due_at=due_at, act_at=due_at, late_at=late_at, valid_until=due_at + usual_validity(uow.session)
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(moved.scalars())
    if ids and due_at <= uow.now:
        wake_up(uow)
    return ids


def cancel_many(uow: UnitOfWork, cause: str, *where: Any) -> list[int]:
    """Cancel what matches and has not left; the ids of those cancelled. A cancelled message is not a failed one."""
    return move_many(uow.session, MESSAGE, Message, "cancel", *where, words=cause, ended_at=uow.now)


def bring_back(uow: UnitOfWork, *where: Any) -> list[int]:
    """What matches and was cancelled waits again, with its words and its time; the ids of those."""
    again = {"words": "", "ended_at": None, "owner": None, "lease_until": None}
    ids = move_many(uow.session, MESSAGE, Message, "bring_back", *where, **again)
    if ids:
        wake_up(uow)
    return ids


def _filled(now: datetime, row: dict[str, Any], validity: timedelta) -> dict[str, Any]:
    due_at = row["due_at"]
    return {
        "attempt": 1,
        "proof": False,
        "state": MessageState.PENDING,
        "act_at": due_at,
        "valid_until": max(due_at, now) + validity,
        "created_at": now,
        "trace_id": trace_id(),
        **row,
    }
