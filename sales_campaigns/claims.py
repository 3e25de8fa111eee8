"""Claim due rows for one process: one UPDATE serves both databases, nobody gets a row twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.clock import machine_now


def claim(
    session: Session, model: Any, *where: Any, order: tuple[Any, ...], limit: int, values: dict[str, Any]
) -> list[int]:
    """Set `values` on up to `limit` rows that match, skipping rows another process holds; their ids in order."""
    return [row.id for row in claim_rows(session, model, *where, order=order, limit=limit, values=values)]


def claim_rows(
    session: Session,
    model: Any,
    *where: Any,
    order: tuple[Any, ...],
    limit: int,
    values: dict[str, Any],
    read: tuple[Any, ...] = (),
) -> list[sa.Row[Any]]:
    """The same with the columns `read` of each row beside its id, as they are after the claim.

    The inner select is a materialised CTE: PostgreSQL may evaluate a plain IN (… LIMIT) more than once.
    """
    due = (
        sa.select(model.id)
        .where(*where)
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    taken = session.execute(
        sa.update(model)
        .where(model.id.in_(sa.select(due.c.id)))
        .values(**values)
        .returning(*dict.fromkeys((*order, model.id, *read)))
        .execution_options(synchronize_session=False)
    )
    return sorted(taken, key=lambda row: tuple(row[: len(order)]))


def lease_until(seconds: int) -> datetime:
    """The end of a lease taken now, in machine time: business time may be virtual or sped up."""
    return machine_now() + timedelta(seconds=seconds)
