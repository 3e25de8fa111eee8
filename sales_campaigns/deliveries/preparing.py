"""Prepare a delivery: who gets it, who is left out and why. Nothing is sent. In chunks, each its own transaction."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.audience import count_people, targeted
from sales_campaigns.deliveries.capacity import room_for
from sales_campaigns.deliveries.concluding import conclude
from sales_campaigns.deliveries.inputs import seconds_later
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
from sales_campaigns.deliveries.rendering import render_for_everybody
from sales_campaigns.deliveries.setups import hash_of
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.typology.judging import (
    Conditions,
    counted,
    keep_only,
    verdicts,
    write_down,
    zones_here,
)
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 50_000  # ids a transaction: progress, stopping, and SQLite is not locked for long


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
    preparation.people = count_people(uow.session, task.audience, task.owner)
    preparation.stage = Stage.WITHOUT_ADDRESS


def _without_address(uow: UnitOfWork, task: Task, preparation: Preparation, chunk: int) -> None:
    _next_chunk(uow, task, preparation, Person.address_id.is_(None), Person.id, Stage.WITH_ADDRESS, chunk)


def _with_address(uow: UnitOfWork, task: Task, preparation: Preparation, chunk: int) -> None:
    """By address, so that all people of one address are judged together."""
    _next_chunk(uow, task, preparation, sa.true(), Person.address_id, Stage.OVER, chunk)


def _next_chunk(
    uow: UnitOfWork,
    task: Task,
    preparation: Preparation,
    those: sa.ColumnElement[bool],
    key: sa.orm.InstrumentedAttribute[int] | sa.orm.InstrumentedAttribute[int | None],
    following: Stage,
    chunk: int,
) -> None:
    people = [*targeted(uow.session, task.audience, task.owner), those]
    beyond = key > preparation.position
    last = _last_key(uow.session, key, [*people, beyond], chunk)
    if last is None:
        preparation.position, preparation.stage = 0, following
        return
    among = [] if key is Person.id else [Address.id > preparation.position, Address.id <= last]
    _judge(uow, task, preparation, [*people, beyond, key <= last], among)
    preparation.position = last


def _last_key(
    session: Session, key: object, conditions: list[sa.ColumnElement[bool]], chunk: int
) -> int | None:
    keys = sa.select(sa.label("key", key)).where(*conditions).distinct().order_by(key).limit(chunk).subquery()  # type: ignore[arg-type]
    found: int | None = session.scalar(sa.select(sa.func.max(keys.c.key)))
    return found


def _judge(
    uow: UnitOfWork, task: Task, preparation: Preparation, people: Conditions, among: Conditions
) -> None:
    session = uow.session
    with verdicts(session, task.policy, people, among):
        if task.has_logic:
            render_for_everybody(session, task)
        _leave_out_over_capacity(session, task, preparation.to_deliver)
        _count(preparation, counted(session))
        seconds = {zone: seconds_later(task.schedule, zone) for zone in _zones(session, task)}
        write_down(session, task.delivery.id, uow.now, task.policy, seconds)


def _leave_out_over_capacity(session: Session, task: Task, before: int) -> None:
    """The rule: capacity excludes only where the rule says so. `before`: those of earlier chunks."""
    for rule in task.capacity:
        if rule.excludes and task.mailbox is not None:
            room = room_for(session, rule, task.delivery, task.mailbox, task.policy.at)
            keep_only(session, max(room - before, 0), rule.cause)


def _zones(session: Session, task: Task) -> list[str]:
    return zones_here(session) if task.schedule.theirs and task.schedule.at else []


def _count(preparation: Preparation, found: dict[str | None, int]) -> None:
    delivered = found.pop(None, 0)
    excluded = sum(found.values())
    preparation.targeted += delivered + excluded
    preparation.to_deliver += delivered
    preparation.excluded += excluded
    preparation.causes = dict(
        Counter(preparation.causes) + Counter({name or "": n for name, n in found.items()})
    )


def _conclude(uow: UnitOfWork, task: Task, preparation: Preparation, _chunk: int) -> None:
    conclude(uow, task, preparation)


STAGES = {
    Stage.CLEARING: _clear,
    Stage.WITHOUT_ADDRESS: _without_address,
    Stage.WITH_ADDRESS: _with_address,
    Stage.OVER: _conclude,
}
