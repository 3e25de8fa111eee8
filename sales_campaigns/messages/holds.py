"""Holds: one row for each thing that can stop messages. Whoever stops or releases writes it with its own state."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Hold, Message

INSTANCE = ("instance", 1)
# What can stop a message, beside the instance: kind → the message's column that names it. Null names nothing.
HOLDERS = {
    "delivery": "delivery_id",
    "campaign": "campaign_id",
    "enrollment": "enrollment_id",
    "mailbox": "mailbox_id",
    "sender": "sender_id",
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


def named_by(message: Message | sa.Row[Any]) -> tuple[tuple[str, int], ...]:
    """The holds of one message, in the order in which everybody locks them. A row with the columns will do."""
    own = ((kind, getattr(message, column)) for kind, column in HOLDERS.items())
    return tuple(sorted([INSTANCE, *((kind, key) for kind, key in own if key is not None)]))


@cache
def nothing_holds() -> sa.ColumnElement[bool]:
    """A condition on Message: none of its holds is stopped. For claiming; the gate locks and looks again.

    It is asked of one message after the other, in the order in which they are due: PostgreSQL would make joins of bare
    conditions, expect one message of them, and sort all that wait.
    """
    own = ((kind, getattr(Message, column)) for kind, column in HOLDERS.items())
    names = ((INSTANCE[0], sa.literal(INSTANCE[1])), *own)
    stopped = (
        sa.exists().where(Hold.kind == kind, Hold.key == key, Hold.stopped).correlate(Message)
        for kind, key in names
    )
    return sa.case(*((one, sa.false()) for one in stopped), else_=sa.true())


def _write(session: Session, kind: str, keys: Iterable[int], *, stopped: bool, why: str) -> None:
    session.execute(
        sa.update(Hold).where(Hold.kind == kind, Hold.key.in_(list(keys))).values(stopped=stopped, why=why)
    )
