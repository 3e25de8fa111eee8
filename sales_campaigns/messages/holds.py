"""Holds: one row for each thing that can stop messages. Whoever stops or releases writes it with its own state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Hold, Message

INSTANCE = ("instance", 1)
# kind → the key that a message names, as `named_by` says for one row
HELD_BY: dict[str, Any] = {
    "instance": sa.literal(1),
    "delivery": Message.delivery_id,
    "campaign": Message.campaign_id,
    "enrollment": Message.enrollment_id,
}


def make_holds(session: Session, kind: str, keys: Iterable[int]) -> None:
    """The rows must exist before anything is gated: a row that is not there cannot be locked."""
    rows = [{"kind": kind, "key": key, "stopped": False, "why": ""} for key in keys]
    if rows:
        session.execute(sa.insert(Hold), rows)


def stop(session: Session, kind: str, keys: Iterable[int], why: str) -> None:
    """Nothing that names these holds is gated once this transaction stands."""
    _write(session, kind, keys, stopped=True, why=why)


def release(session: Session, kind: str, keys: Iterable[int]) -> None:
    _write(session, kind, keys, stopped=False, why="")


def named_by(message: Message) -> list[tuple[str, int]]:
    """The holds of one message, in the order in which everybody locks them."""
    named = [INSTANCE, ("delivery", message.delivery_id)]
    if message.campaign_id is not None:
        named.append(("campaign", message.campaign_id))
    if message.enrollment_id is not None:
        named.append(("enrollment", message.enrollment_id))
    return sorted(named)


def nothing_holds() -> sa.ColumnElement[bool]:
    """A condition on Message: none of its holds is stopped. For claiming; the gate locks and looks again."""
    return sa.and_(*(~held(kind) for kind in HELD_BY))


def held(kind: str) -> sa.ColumnElement[bool]:
    """A condition on Message: its hold of this kind is stopped."""
    return sa.exists().where(Hold.kind == kind, Hold.key == HELD_BY[kind], Hold.stopped).correlate(Message)


def _write(session: Session, kind: str, keys: Iterable[int], *, stopped: bool, why: str) -> None:
    session.execute(
        sa.update(Hold).where(Hold.kind == kind, Hold.key.in_(list(keys))).values(stopped=stopped, why=why)
    )
