"""How deliveries stand, for the criteria of alarms: a flat number of queries, however many and however large."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.deliveries.alarms.criteria import Standing
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Preparation,
    Recipient,
)
from sales_campaigns.deliveries.setups import schedule_of
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.deliveries.typology.windows import seconds_after
from sales_campaigns.messages.feedback.fates import Fate, fate_of
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outcomes import FailureType
from sales_campaigns.messages.states import WAITING

HOUR = timedelta(hours=1)
FRESH = timedelta(days=7)  # late bounces count that long
HANDED = (Fate.RELAYED, Fate.SENT, Fate.FAILED)
_UNCONFIRMED = (DeliveryState.READY, DeliveryState.AWAITING_CONFIRMATION)
_MOVING = (DeliveryState.IN_PROGRESS, DeliveryState.PAUSED)


def standings(session: Session, now: datetime) -> dict[int, Standing]:
    """Delivery → how it stands, of those that are watched, from their preparation to a week after.

    A continuous one goes on for ever: of it the mails of the last week count. A step's is its campaign's.
    """
    rows = session.execute(_watched(now)).all()
    if not rows:
        return {}
    ids = [delivery.id for delivery, *_ in rows]
    mails, waiting = _mails(session, ids, now), _to_come(session, ids, now)
    return {
        delivery.id: _standing(delivery, setup, preparation, per_minute, mails, waiting, now)
        for delivery, setup, preparation, per_minute in rows
    }


def _watched(now: datetime) -> sa.Select[Delivery, DeliverySetup, Preparation, int | None]:
    """A failed preparation is told of for a week, like everything else."""
    fresh = now - FRESH
    return (
        sa.select(Delivery, DeliverySetup, Preparation, Mailbox.per_minute)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .join(Preparation, Preparation.delivery_id == Delivery.id)
        .outerjoin(Mailbox, Mailbox.id == DeliverySetup.mailbox_id)
        .where(
            Delivery.kind.in_((DeliveryKind.SINGLE, DeliveryKind.CONTINUOUS)),
            sa.or_(
                Delivery.state.in_((*_UNCONFIRMED, *_MOVING)),
                sa.and_(Delivery.state == DeliveryState.PREPARATION_FAILED, Preparation.ended_at > fresh),
                sa.and_(Delivery.state.in_(OVER), Delivery.ended_at > fresh),
            ),
        )
        .order_by(Delivery.id)
    )


def _standing(
    delivery: Delivery,
    setup: DeliverySetup,
    preparation: Preparation,
    per_minute: int | None,
    mails: dict[int, Standing],
    waiting: dict[int, int],
    now: datetime,
) -> Standing:
    known = mails.get(delivery.id, Standing())
    start, going = schedule_of(setup).instant, delivery.state is DeliveryState.IN_PROGRESS
    return replace(
        known,
        preparation_failed=delivery.state is DeliveryState.PREPARATION_FAILED,
        overdue=delivery.state in _UNCONFIRMED and start is not None and start <= now,
        over=delivery.state in OVER and delivery.state is not DeliveryState.STOPPED,
        to_deliver=known.handed if delivery.kind is DeliveryKind.CONTINUOUS else preparation.to_deliver,
        # Only where nothing at all leaves: what waits for its place behind many others is no trouble.
        longest_wait=known.longest_wait if going and not known.last_hour else timedelta(0),
        waiting=(known.waiting + waiting.get(delivery.id, 0)) if going else 0,
        allowed=(per_minute or 0) * 60 if going else 0,
    )


def _mails(session: Session, ids: Collection[int], now: datetime) -> dict[int, Standing]:
    fate, soft = fate_of(), Message.failure == FailureType.SOFT
    rows = session.execute(
        sa.select(
            Message.delivery_id,
            _number(fate.in_(HANDED)),
            _number(sa.and_(fate == Fate.FAILED, Message.failure == FailureType.HARD)),
            _number(sa.and_(soft, sa.or_(fate == Fate.FAILED, Message.came_back_at.is_not(None)))),
            _number(fate == Fate.SENT),
            sa.func.min(sa.case((Message.state.in_(WAITING), Message.due_at))),
            _number(Message.sent_at > now - HOUR),
            _number(sa.and_(Message.state == MessageState.PENDING, Message.due_at <= now - HOUR)),
        )
        .join(Delivery, Delivery.id == Message.delivery_id)
        .where(Message.delivery_id.in_(ids), ~Message.proof, Message.attempt == 1)
        .where(sa.or_(Delivery.kind == DeliveryKind.SINGLE, Message.created_at > now - FRESH))
        .group_by(Message.delivery_id)
    )
    return {row[0]: _of(row, now) for row in rows}


def _of(row: Any, now: datetime) -> Standing:
    _, handed, hard, soft, delivered, oldest, last_hour, waiting = row
    return Standing(
        handed=handed,
        hard=hard,
        soft=soft,
        delivered=delivered,
        longest_wait=now - oldest if oldest else timedelta(0),
        last_hour=last_hour,
        waiting=waiting,
    )


def _to_come(session: Session, ids: Collection[int], now: datetime) -> dict[int, int]:
    """Recipients that have been due for an hour and for whom no message is made yet."""
    due = seconds_after(Delivery.starts_at, Recipient.after)
    rows = session.execute(
        sa.select(Recipient.delivery_id, sa.func.count())
        .join(Delivery, Delivery.id == Recipient.delivery_id)
        .where(Delivery.id.in_(ids), Delivery.state == DeliveryState.IN_PROGRESS, due <= now - HOUR)
        .group_by(Recipient.delivery_id)
    )
    return {delivery_id: number for delivery_id, number in rows}  # noqa: C416


def _number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, Message.id)))
