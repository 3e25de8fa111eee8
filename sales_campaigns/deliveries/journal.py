"""The journal of a delivery: what preparing, confirming and sending said, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import JournalLine, Level
from sales_campaigns.unit_of_work import UnitOfWork


def note(uow: UnitOfWork, delivery_id: int, words: str, level: Level = Level.INFO) -> None:
    uow.session.add(JournalLine(delivery_id=delivery_id, at=uow.now, level=level, words=words))


def journal_of(
    session: Session, delivery_id: int, limit: int = 500, *, level: Level | None = None, before: int = 0
) -> Sequence[JournalLine]:
    """The newest lines, oldest of them first; of one level, and those before a line, where that is said."""
    newest = sa.select(JournalLine.id).where(*_asked(delivery_id, level)).order_by(JournalLine.id.desc())
    if before:
        newest = newest.where(JournalLine.id < before)
    lines = sa.select(JournalLine).where(JournalLine.id.in_(newest.limit(limit)))
    return session.scalars(lines.order_by(JournalLine.id)).all()


def journal_rows(session: Session, delivery_id: int, level: Level | None) -> Iterator[Sequence[Any]]:
    """The whole of it for a file, the oldest line first."""
    lines = sa.select(JournalLine.at, JournalLine.level, JournalLine.words).where(*_asked(delivery_id, level))
    for line in session.execute(lines.order_by(JournalLine.id).execution_options(yield_per=1_000)):
        yield line.at.isoformat(), line.level.value, line.words


def _asked(delivery_id: int, level: Level | None) -> list[sa.ColumnElement[bool]]:
    return [JournalLine.delivery_id == delivery_id, *([JournalLine.level == level] if level else [])]
