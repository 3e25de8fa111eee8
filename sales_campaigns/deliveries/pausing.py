"""Pause, resume and stop a delivery. Its hold is written with its state: once that stands, nothing new leaves."""

from __future__ import annotations

import time
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.clock import machine_seconds
from sales_campaigns.database import Sessions
from sales_campaigns.deliveries.ab_tests.running import lapse
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, Recipient
from sales_campaigns.deliveries.recurrence import next_run, recurrence_from
from sales_campaigns.deliveries.runs import Series
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.taking_up import take_up_if_tried_again
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages import holds
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.unit_of_work import UnitOfWork

PATIENCE = 2.0  # seconds that a pause waits for what was gated before


def pause(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Whoever may prepare may pause: it only ever keeps mail back. Validity keeps running."""
    delivery = _own(uow, actor, delivery_id)
    if not may(actor, "prepare_deliveries"):
        require_start(uow.session, actor)
    uow.move(DELIVERY, delivery, "pause", about=about(delivery, actor), next_at=delivery.valid_until)
    holds.stop(uow.session, "delivery", [delivery.id], "its delivery is paused")
    note(uow, delivery.id, f"{actor.name} paused it.")
    return delivery


def resume(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Raises IllegalMove once it was stopped."""
    delivery = _own(uow, actor, delivery_id)
    require_start(uow.session, actor)
    uow.move(DELIVERY, delivery, "resume", about=about(delivery, actor), next_at=_goes_on_at(uow, delivery))
    holds.release(uow.session, "delivery", [delivery.id])
    note(uow, delivery.id, f"{actor.name} resumed it.")
    return delivery


def stop(uow: UnitOfWork, actor: User, delivery_id: int) -> int:
    """The rule: stopping cancels what is queued or retrying, and is final. How many do not get the mail."""
    delivery = _own(uow, actor, delivery_id)
    require_start(uow.session, actor)
    uow.move(DELIVERY, delivery, "stop", about=about(delivery, actor), next_at=None, ended_at=uow.now)
    holds.stop(uow.session, "delivery", [delivery.id], "its delivery was stopped")
    lapse(uow, delivery)
    cancelled = cancel_waiting(uow, "its delivery was stopped", delivery.id)
    left = len(cancelled) + waiting_recipients(uow.session, delivery.id)
    note(uow, delivery.id, f"{actor.name} stopped it: {left:,} do not get the mail.")
    return left


def cancel_waiting(uow: UnitOfWork, cause: str, delivery_id: int) -> list[int]:
    """Its messages that have not left, seeds among them; those of recipients."""
    cancel_many(uow, cause, Message.delivery_id == delivery_id, Message.proof)
    return cancel_many(uow, cause, Message.delivery_id == delivery_id, ~Message.proof)


def waiting_recipients(session: Session, delivery_id: int) -> int:
    """Those for whom no message was made yet."""
    return session.scalar(sa.select(sa.func.count()).where(Recipient.delivery_id == delivery_id)) or 0


def still_in_flight(reads: Sessions, delivery_id: int, patience: float = PATIENCE) -> int:
    """After a pause or stop stands: wait until what was gated before it has ended; how many are left after that.

    Machine time: a server that takes the mail is never sped up.
    """
    until = machine_seconds() + patience
    while True:
        with reads() as session:
            left = in_flight(session, delivery_id)
        if not left or machine_seconds() >= until:
            return left
        time.sleep(0.05)


def in_flight(session: Session, delivery_id: int) -> int:
    query = sa.select(sa.func.count()).where(
        Message.delivery_id == delivery_id, Message.state == MessageState.SENDING
    )
    return session.scalar(query) or 0


def _goes_on_at(uow: UnitOfWork, delivery: Delivery) -> datetime:
    """A series goes on with its next run: what was planned while it was paused is not caught up.

    A continuous delivery looks at once: its next run takes whoever has come meanwhile.
    """
    series = uow.session.get(Series, delivery.id)
    if series is None:
        return uow.now
    series.looked_at = uow.now
    return next_run(recurrence_from(series.recurrence), uow.now) or uow.now


def _own(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """The rule: a step has no Stop of its own; pausing or archiving its campaign does that."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    if delivery.kind is DeliveryKind.PERSONAL or delivery.campaign_id is not None:
        raise IllegalMove("This delivery belongs to a campaign step: pause or archive the campaign instead.")
    take_up_if_tried_again(uow, delivery)
    return delivery
