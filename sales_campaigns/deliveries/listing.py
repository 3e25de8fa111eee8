"""Reading deliveries: the list, and one with the right to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.deliveries.inputs import schedule_from
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Preparation,
)
from sales_campaigns.deliveries.runs import SeriesRun
from sales_campaigns.errors import NotFound

PAGE = 50


class Asked(StrEnum):
    """Deliveries that nobody set up, which a list shows only when asked."""

    STEPS = "steps"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery in a list; the numbers are those of its last preparation, None where there is none."""

    delivery: Delivery
    owner: str
    targeted: int | None
    to_deliver: int | None
    changed_at: datetime
    leaves_at: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Whether its contact date has come and nobody has confirmed it."""
        waits = self.delivery.state is DeliveryState.AWAITING_CONFIRMATION
        return waits and self.leaves_at is not None and self.leaves_at <= now


def deliveries_of(
    session: Session,
    actor: User,
    *,
    search: str = "",
    states: Sequence[DeliveryState] = (),
    asked: Asked | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[DeliveryLine]:
    """The newest first. The rule: step and personal deliveries are shown only when asked for."""
    query = (
        sa.select(Delivery, User, Preparation, DeliverySetup)
        .join(User, User.id == Delivery.owner_id)
        .outerjoin(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .outerjoin(Preparation, Preparation.delivery_id == Delivery.id)
        .where(*visible(actor), _asked_for(asked))
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    for word in search.split()[:5]:
        query = query.where(Delivery.name.icontains(word, autoescape=True))
    if states:
        query = query.where(Delivery.state.in_(states))
    if before is not None:
        query = query.where(Delivery.id < before)
    return [_line(*row) for row in session.execute(query)]


def state_counts(session: Session, actor: User) -> dict[DeliveryState, int]:
    """How many deliveries that somebody set up are in each state."""
    rows = session.execute(
        sa.select(Delivery.state, sa.func.count())
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(*visible(actor))
        .group_by(Delivery.state)
    )
    return {state: number for state, number in rows}  # noqa: C416


def delivery_of(session: Session, actor: User, delivery_id: int, *, lock: bool = False) -> Delivery:
    """A delivery of the actor's team. Raises NotFound."""
    query = sa.select(Delivery).where(Delivery.id == delivery_id, *visible(actor))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("This delivery is not there, or it belongs to another team.")
    return found


def parent_of(session: Session, delivery_id: int) -> Delivery | None:
    """The series that a delivery is a run of."""
    query = sa.select(Delivery).join(SeriesRun, SeriesRun.series_id == Delivery.id)
    return session.scalar(query.where(SeriesRun.child_id == delivery_id))


def mailboxes_for(session: Session, actor: User) -> Sequence[Mailbox]:
    """The mailboxes a delivery of the actor may leave from: the team's, one's own first."""
    return session.scalars(
        sa.select(Mailbox)
        .join(User, User.id == Mailbox.user_id)
        .where(User.team_id == actor.team_id, User.active)
        .order_by(User.id != actor.id, Mailbox.address)
    ).all()


def about(delivery: Delivery, actor: User | None = None) -> dict[str, object]:
    """The columns of Activity that tell which delivery it is."""
    return {
        "actor_id": actor.id if actor else None,
        "team_id": delivery.team_id,
        "campaign_id": delivery.campaign_id,
        "data": {"delivery": delivery.id, "name": delivery.name},
    }


def _line(
    delivery: Delivery, owner: User, preparation: Preparation | None, setup: DeliverySetup | None
) -> DeliveryLine:
    over = preparation is not None and preparation.ended_at is not None
    return DeliveryLine(
        delivery,
        owner.name,
        preparation.targeted if preparation and over else None,
        preparation.to_deliver if preparation and over else None,
        setup.changed_at if setup else delivery.created_at,
        schedule_from(setup.schedule).instant if setup else None,
    )


def visible(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [Delivery.team_id == actor.team_id]


def _asked_for(asked: Asked | None) -> sa.ColumnElement[bool]:
    if asked is Asked.STEPS:
        return sa.and_(Delivery.kind == DeliveryKind.CONTINUOUS, Delivery.campaign_id.is_not(None))
    if asked is Asked.PERSONAL:
        return Delivery.kind == DeliveryKind.PERSONAL
    return DeliverySetup.delivery_id.is_not(None)
