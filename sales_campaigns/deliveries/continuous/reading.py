"""Reading a continuous delivery for pages: its runs, and those of a team that wait for somebody."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.continuous.models import Increment, IncrementState, Intake
from sales_campaigns.deliveries.listing import visible
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.errors import NotFound


def intake_of(session: Session, delivery: Delivery) -> Intake | None:
    """None until it has begun."""
    return session.get(Intake, delivery.id)


def increments_of(session: Session, delivery: Delivery, limit: int = 60) -> Sequence[Increment]:
    """The newest first."""
    query = sa.select(Increment).where(Increment.delivery_id == delivery.id)
    return session.scalars(query.order_by(Increment.number.desc()).limit(limit)).all()


def increment_of(session: Session, delivery: Delivery, number: int) -> Increment:
    """Raises NotFound for a run that is not there."""
    query = sa.select(Increment).where(Increment.delivery_id == delivery.id, Increment.number == number)
    found = session.scalar(query)
    if found is None:
        raise NotFound("This delivery has no such run.")
    return found


def waiting_increments(session: Session, actor: User, limit: int = 5) -> list[tuple[Increment, Delivery]]:
    """Of the actor's team: runs that wait for a confirmation, and newest runs that could not be prepared."""
    newest = sa.select(Intake.number).where(Intake.delivery_id == Increment.delivery_id).scalar_subquery()
    failed = sa.and_(Increment.state == IncrementState.FAILED, Increment.number == newest)
    rows = session.execute(
        sa.select(Increment, Delivery)
        .join(Delivery, Delivery.id == Increment.delivery_id)
        .where(
            *visible(actor),
            Delivery.state.not_in(OVER),
            sa.or_(Increment.state == IncrementState.WAITING, failed),
        )
        .order_by(Increment.id.desc())
        .limit(limit)
    )
    return [(increment, delivery) for increment, delivery in rows]
