"""The buckets that pace mailboxes and domains, shared by all workers. Drawn from last in a transaction, in the order of
their keys: a row that is locked for share first and written later made half of the gates wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Bucket
from sales_campaigns.messages.pace.pacing import Level, Limit, Wait, full, share

Limits = Mapping[str, Limit]  # the buckets that one mail needs a token of


def draw_for(session: Session, mails: Sequence[Limits], now: datetime) -> list[Wait | None]:
    """For each mail, in order: None where it may leave, else what it waits for. `now`: machine time."""
    limits = {key: limit for one in mails for key, limit in one.items()}
    if not limits:
        return [None] * len(mails)
    before = _locked(session, limits, now)
    levels = dict(before)
    found = share([list(one) for one in mails], limits, levels, now)
    _write(session, {key: level for key, level in levels.items() if level != before[key]})
    return found


def _locked(session: Session, limits: Limits, now: datetime) -> dict[str, Level]:
    """New ones are full. Whoever comes second waits for the first."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"key": key, "tokens": full(limit, now).tokens, "filled_at": now}
        for key, limit in sorted(limits.items())
    ]
    session.execute(insert(Bucket).values(rows).on_conflict_do_nothing())
    found = session.execute(
        sa.select(Bucket.key, Bucket.tokens, Bucket.filled_at)
        .where(Bucket.key.in_(limits))
        .order_by(Bucket.key)
        .with_for_update()
    )
    levels = {row.key: Level(row.tokens, row.filled_at) for row in found}
    # One may have been forgotten between the two statements.
    return levels if len(levels) == len(limits) else _locked(session, limits, now)


def _write(session: Session, levels: Mapping[str, Level]) -> None:
    """In the order of the keys, as they were locked."""
    rows = [{"_key": key, "_tokens": level.tokens, "_at": level.at} for key, level in sorted(levels.items())]
    if rows:
        session.connection().execute(_FILL, rows)


_TABLE: Any = Bucket.__table__
_FILL = (
    sa.update(_TABLE)
    .where(_TABLE.c.key == sa.bindparam("_key"))
    .values(tokens=sa.bindparam("_tokens"), filled_at=sa.bindparam("_at"))
)
