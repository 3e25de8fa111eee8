"""Everybody a delivery targeted has a message, waits for one or is excluded: counted from rows, never from counters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    Exclusion,
    KeptFigures,
    Preparation,
    Recipient,
)
from sales_campaigns.deliveries.states import CONFIRMED, OVER
from sales_campaigns.messages.models import Message

NEWEST = 50
ROWS_AT_ONCE = 200_000  # of the newest so many and of the one that reaches them: it is asked every minute
STILL = timedelta(days=1)  # is looked at for so long when it is over


def deliveries_out_of_balance(session: Session, now: datetime) -> int:
    """The rule: messages + exclusions = targeted, for the newest that go on or have just ended; how many are otherwise.

    Not of those whose rows grow with every run, or were removed with age.
    """
    those = _counted_once(now)
    parts = (
        _number(those, Message, ~Message.proof, Message.attempt == 1),
        _number(those, Recipient),
        _number(those, Exclusion),
    )
    rows = session.execute(sa.select(those.c.targeted, *parts))
    return sum(targeted != sum(counts) for targeted, *counts in rows)


def _counted_once(now: datetime) -> sa.Subquery:
    grows = sa.and_(Delivery.kind == DeliveryKind.CONTINUOUS, Delivery.starts_at.is_not(None))
    goes_on = sa.or_(Delivery.ended_at.is_(None), Delivery.ended_at > now - STILL)
    removed = sa.exists().where(KeptFigures.delivery_id == Delivery.id)
    before = sa.func.sum(Preparation.targeted).over(order_by=Delivery.id.desc()) - Preparation.targeted
    newest = (
        sa.select(Delivery.id, Preparation.targeted, before.label("before"))
        .join(Preparation, Preparation.delivery_id == Delivery.id)
        .where(Preparation.ended_at.is_not(None), Delivery.state.in_(CONFIRMED | OVER))
        .where(goes_on, ~grows, ~removed)
        .order_by(Delivery.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    return (
        sa.select(newest.c.id, newest.c.targeted)
        .where(newest.c.before < ROWS_AT_ONCE)
        .subquery("counted_once")
    )


def _number(those: sa.Subquery, model: Any, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    counted = sa.select(sa.func.count()).select_from(model).where(model.delivery_id == those.c.id, *where)
    return counted.correlate(those).scalar_subquery()
