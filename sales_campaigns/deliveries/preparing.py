"""Prepare a delivery: who gets it, who is left out and why. Nothing is sent. In chunks, each its own transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.audience import count_where, targeted
from sales_campaigns.deliveries.chunks import CHUNK, Target, next_chunk
from sales_campaigns.deliveries.concluding import conclude
from sales_campaigns.deliveries.continuous.query import first_target
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryState,
    Exclusion,
    Preparation,
    Recipient,
    Stage,
)
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.setups import hash_of
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.unit_of_work import UnitOfWork


def prepare(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Ask for it; the scheduler does it. Raises NotAllowed, and IllegalMove once it is confirmed."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    begin_preparing(uow, actor, delivery)
    return delivery


def begin_preparing(uow: UnitOfWork, actor: User, delivery: Delivery) -> None:
    """On behalf of the actor: a run of a series is prepared for whoever started the series."""
    uow.move(DELIVERY, delivery, "prepare", about=about(delivery, actor), next_at=uow.now)
    known = uow.session.get(Preparation, delivery.id)
    if known is not None:
        uow.session.delete(known)
        uow.session.flush()
    uow.session.add(
        Preparation(
            delivery_id=delivery.id,
            inputs=hash_of(uow.session, delivery),
            asked_by=actor.id,
            started_at=uow.now,
        )
    )
    note(uow, delivery.id, f"{actor.name} prepares it.")


def stop_preparing(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """The rule: it can be stopped at any time without effect. At most the chunk in hand is waited for."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    uow.move(DELIVERY, delivery, "stop_preparing", about=about(delivery, actor), next_at=None)
    note(uow, delivery.id, f"{actor.name} stopped preparing. Nothing was sent.")
    return delivery


def prepare_chunk(uow: UnitOfWork, delivery_id: int, *, chunk: int = CHUNK) -> bool:
    """The next chunk of a preparation; False when there is nothing left to do. What is done is never done again."""
    delivery = uow.session.scalar(
        sa.select(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.PREPARING)
        .with_for_update()
    )
    if delivery is None:
        return False
    preparation = uow.session.get_one(Preparation, delivery_id)
    task = task_of(uow.session, delivery, uow.now)
    STAGES[preparation.stage](uow, task, preparation, chunk)
    return True


def _clear(uow: UnitOfWork, task: Task, preparation: Preparation, _chunk: int) -> None:
    """What an earlier preparation left behind goes; a content that cannot be sent is not counted out for anybody."""
    for rows in (Recipient, Exclusion):
        uow.session.execute(sa.delete(rows).where(rows.delivery_id == task.delivery.id))
    if task.problems:
        conclude(uow, task, preparation)
        return
    preparation.people = count_where(uow.session, _target(uow.session, task, preparation.started_at).people)
    preparation.stage = Stage.WITHOUT_ADDRESS


def _judge(uow: UnitOfWork, task: Task, preparation: Preparation, chunk: int) -> None:
    next_chunk(uow, task, _target(uow.session, task, preparation.started_at), preparation, chunk)


def count_first(session: Session, delivery: Delivery, now: datetime) -> int:
    """How many people a preparation that begins now would judge."""
    return count_where(session, _target(session, task_of(session, delivery, now), now).people)


def _target(session: Session, task: Task, at: datetime) -> Target:
    """Of a continuous delivery the people of its first run; later ones are increments of their own."""
    if task.incremental is not None:
        return first_target(session, task, task.incremental, at)
    return Target(targeted(session, task.audience, task.owner))


def _conclude(uow: UnitOfWork, task: Task, preparation: Preparation, _chunk: int) -> None:
    conclude(uow, task, preparation)


STAGES = {
    Stage.CLEARING: _clear,
    Stage.WITHOUT_ADDRESS: _judge,
    Stage.WITH_ADDRESS: _judge,
    Stage.OVER: _conclude,
}
