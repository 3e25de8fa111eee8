"""A winner is named: the rest gets it, in its waves, each recipient's zone and capacity as any delivery."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.capacity import Span, deal_into_slots
from sales_campaigns.deliveries.inputs import seconds_later
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery, DeliveryState, Recipient
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.slots import deal_into_waves
from sales_campaigns.deliveries.variants.figures import rest_of
from sales_campaigns.deliveries.variants.models import AbTest
from sales_campaigns.deliveries.variants.states import AB_TEST
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork


def decide(
    uow: UnitOfWork, delivery: Delivery, test: AbTest, winner: str, words: str, actor: User | None = None
) -> int:
    """Name the winner, by somebody or by itself, and let the rest have it; how many that are."""
    rest = rest_of(uow.session, delivery.id)
    decided = {"winner": winner, "decided_at": uow.now, "decided_by": actor.id if actor else None}
    uow.move(AB_TEST, test, "decide", about=_about(delivery, winner, actor), words=words, **decided)
    _let_leave(uow, delivery, rest)
    who = f"{actor.name} chose" if actor else "The winner is"
    note(uow, delivery.id, f"{who} variant {winner}: {rest:,} more get it. {words}".rstrip())
    return rest


def _let_leave(uow: UnitOfWork, delivery: Delivery, rest: int) -> None:
    """From now on they are recipients like any others; whoever is still trying a variant keeps the own time."""
    session, task = uow.session, task_of(uow.session, delivery, uow.now)
    assert delivery.starts_at is not None
    lead = int((uow.now - delivery.starts_at).total_seconds())
    mine = (Recipient.delivery_id == delivery.id, Recipient.after.is_(None))
    session.execute(
        sa.update(Recipient)
        .where(*mine)
        .values(after=lead + _later(session, task))
        .execution_options(synchronize_session=False)
    )
    deal_into_waves(session, delivery.id, task.settings.waves, rest, Recipient.variant == "")
    moving = [rule for rule in task.capacity if not rule.excludes]
    if moving and task.mailbox is not None:
        deal_into_slots(session, Span(delivery, task.mailbox, delivery.starts_at, uow.now, lead), moving)
    if delivery.state is DeliveryState.IN_PROGRESS:
        delivery.next_at = uow.now


def _later(session: Session, task: Task) -> Any:
    """How many seconds later the own zone of a recipient shows the time of day; at once where it is past there."""
    if not (task.schedule.theirs and task.schedule.at):
        return 0
    zones = sa.select(Person.zone).join(Recipient, Recipient.person_id == Person.id)
    held = (Recipient.delivery_id == task.delivery.id, Recipient.after.is_(None))
    seconds = {
        zone: seconds_later(task.schedule, zone) for zone in session.scalars(zones.where(*held).distinct())
    }
    own = sa.select(Person.zone).where(Person.id == Recipient.person_id).scalar_subquery()
    return (
        sa.case({zone: max(later, 0) for zone, later in seconds.items()}, value=own, else_=0)
        if seconds
        else 0
    )


def _about(delivery: Delivery, winner: str, actor: User | None) -> dict[str, object]:
    columns = about(delivery, actor)
    return {**columns, "data": {"delivery": delivery.id, "name": delivery.name, "variant": winner}}
