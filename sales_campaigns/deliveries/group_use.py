"""Where a group of people is used, asked before it is changed or deleted."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Delivery, DeliverySetup, DeliveryState
from sales_campaigns.deliveries.setups import audience_of
from sales_campaigns.deliveries.typology.models import TypologyRule
from sales_campaigns.people.models import Group

OVER = (DeliveryState.STOPPED, DeliveryState.FINISHED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class GroupUse:
    """Deliveries that go to it and are not over, as (id, name), and the names of rules that leave it out."""

    deliveries: tuple[tuple[int, str], ...] = ()
    rules: tuple[str, ...] = ()


def use_of(session: Session, group: Group) -> GroupUse:
    """Those of the group's team; two queries."""
    setups = session.execute(
        sa.select(Delivery.id, Delivery.name, DeliverySetup)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(Delivery.team_id == group.team_id, Delivery.state.not_in(OVER))
        .order_by(Delivery.name, Delivery.id)
    )
    deliveries = tuple((id, name) for id, name, setup in setups if group.id in audience_of(setup).groups)
    rules = session.scalars(
        sa.select(TypologyRule).where(TypologyRule.team_id == group.team_id).order_by(TypologyRule.name)
    )
    return GroupUse(deliveries, tuple(rule.name for rule in rules if rule.details.get("group") == group.id))
