"""The buckets that pace mailboxes, shared by all workers. Drawn from last in a transaction, in the order of their keys:
a row that is locked for share first and written later made half of the gates wait for each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sales_campaigns.accounts.channels.models import identity_behind
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.models import Bucket
from sales_campaigns.messages.pace.pacing import Level, Limit, draw, full, limits_of, relay_limits

Wanted = Mapping[str, tuple[Limit, int]]  # bucket → its limit, and how many want to leave


def draw_for(session: Session, box: Mailbox, wanted: int, now: datetime) -> tuple[int, list[datetime]]:
    """How many of `wanted` mails of this mailbox may leave, and when each of the others may. `now`: machine time."""
    limits = _limits(box)
    if not limits or not wanted:
        return wanted, []
    levels = _locked(session, limits, now)
    granted = min(draw(limit, levels[key], wanted, now).granted for key, limit in limits.items())
    again_at, step = now, 0.0
    for key, limit in sorted(limits.items()):
        drawn = draw(limit, levels[key], granted, now)
        _write(session, key, drawn.level)
        again_at, step = max(again_at, drawn.again_at), max(step, 1 / limit.rate)
    return granted, [again_at + timedelta(seconds=step * place) for place in range(wanted - granted)]


def _limits(box: Mailbox) -> dict[str, Limit]:
    """Bucket → limit. Behind a channel its limits, which all who send through it share, and the mailbox's own."""
    identity = identity_behind(box)
    if identity is None:
        return {f"mailbox:{box.id}:{one.name}": one for one in limits_of(box.provider, box.per_minute)}
    channel = identity.channel
    shared = relay_limits(channel.per_minute, channel.per_day)
    return {
        **{f"channel:{channel.id}:{one.name}": one for one in shared},
        **{f"mailbox:{box.id}:{one.name}": one for one in relay_limits(box.per_minute)},
    }


def _locked(session: Session, limits: Mapping[str, Limit], now: datetime) -> dict[str, Level]:
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
    return {row.key: Level(row.tokens, row.filled_at) for row in found}


def _write(session: Session, key: str, level: Level) -> None:
    session.execute(
        sa.update(Bucket)
        .where(Bucket.key == key)
        .values(tokens=level.tokens, filled_at=level.at)
        .execution_options(synchronize_session=False)
    )
