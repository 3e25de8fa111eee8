"""Where groups are used: which deliveries and series are addressed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.deliveries.models import Delivery, DeliverySetup
from sales_campaigns.deliveries.setups import audience_of
from sales_campaigns.deliveries.states import OVER


@dataclass(frozen=True, slots=True)
class GroupUse:
    """One delivery that a group is part of the audience of."""

    id: int
    name: str
    state: str


def deliveries_to_group(session: Session, actor: User, group_id: int) -> Sequence[GroupUse]:
    """Those that are not over, by name. What a launch took from a group it took once: it is not listed."""
    query = (
        sa.select(Delivery, DeliverySetup)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(Delivery.state.not_in(OVER))
        .order_by(Delivery.name, Delivery.id)
    )
    if not sees_every_team(actor):
        query = query.where(Delivery.team_id == actor.team_id)
    return [
        GroupUse(delivery.id, delivery.name, delivery.state.value)
        for delivery, setup in session.execute(query)
        if group_id in audience_of(setup).groups
    ]
