"""The journal of a delivery: what preparing, confirming and sending said, in order."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import JournalLine, Level
from sales_campaigns.unit_of_work import UnitOfWork


def note(uow: UnitOfWork, delivery_id: int, words: str, level: Level = Level.INFO) -> None:
    uow.session.add(JournalLine(delivery_id=delivery_id, at=uow.now, level=level, words=words))


def journal_of(session: Session, delivery_id: int, limit: int = 500) -> Sequence[JournalLine]:
    """The newest lines, oldest of them first."""
    newest = (
        sa.select(JournalLine.id)
        .where(JournalLine.delivery_id == delivery_id)
        .order_by(JournalLine.id.desc())
        .limit(limit)
    )
    return session.scalars(
        sa.select(JournalLine).where(JournalLine.id.in_(newest)).order_by(JournalLine.id)
    ).all()
