"""Look at the deliveries under way and at those just over, and tell once a day what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.deliveries.alarms.criteria import Criterion, Standing, alarming
from sales_campaigns.deliveries.alarms.looking import standings
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork


def watch(uow: UnitOfWork) -> int:
    """How many were told. The rule: once a day per criterion; the database keeps it, whoever else looks."""
    rows = list(_rows(standings(uow.session, uow.now), uow.now))
    if not rows:
        return 0
    insert = insert_missing(uow.session, DeliveryAlarm).returning(
        DeliveryAlarm.delivery_id, DeliveryAlarm.criterion, DeliveryAlarm.words
    )
    told = uow.session.execute(insert, rows).all()
    deliveries = _named(uow, {row.delivery_id for row in told})
    uow.record_many("delivery.alarm", [_told(deliveries, row) for row in told])
    return len(told)


def _rows(found: Mapping[int, Standing], now: datetime) -> Iterable[dict[str, Any]]:
    for delivery_id, standing in found.items():
        for criterion, words in alarming(standing):
            yield {
                "delivery_id": delivery_id,
                "criterion": criterion,
                "day": now.date(),
                "at": now,
                "words": words,
            }


def _named(uow: UnitOfWork, ids: set[int]) -> dict[int, Delivery]:
    found = uow.session.scalars(sa.select(Delivery).where(Delivery.id.in_(ids)))
    return {delivery.id: delivery for delivery in found}


def _told(deliveries: Mapping[int, Delivery], row: Any) -> dict[str, Any]:
    known = about(deliveries[row.delivery_id])
    data = {"delivery": row.delivery_id, "name": deliveries[row.delivery_id].name, "words": row.words}
    return {**known, "data": {**data, "criterion": Criterion(row.criterion).value}}
