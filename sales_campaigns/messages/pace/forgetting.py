"""Buckets that nobody draws from any more: those of the ramp's dates that are over, and those that are full again."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.messages.models import Bucket
from sales_campaigns.unit_of_work import UnitOfWork

KEPT_FOR = timedelta(
    days=2
)  # the longest limit is a day, and a new bucket is as full as one that was left alone


def forget_old_buckets(uow: UnitOfWork) -> int:
    """How many rows went. One that is drawn from at this moment stays."""
    old = sa.select(Bucket.key).where(Bucket.filled_at < machine_now() - KEPT_FOR).order_by(Bucket.key)
    keys = uow.session.scalars(old.limit(1_000).with_for_update(skip_locked=True)).all()
    if keys:
        uow.session.execute(sa.delete(Bucket).where(Bucket.key.in_(keys)))
    return len(keys)
