"""What was told of deliveries lately, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.models import Delivery

NEWS = timedelta(days=1)
LISTED = 5


def alarms_of(session: Session, delivery_id: int, now: datetime) -> Sequence[DeliveryAlarm]:
    """Of one delivery, of the last day, the newest first."""
    fresh = (DeliveryAlarm.delivery_id == delivery_id, DeliveryAlarm.at > now - NEWS)
    return session.scalars(sa.select(DeliveryAlarm).where(*fresh).order_by(DeliveryAlarm.id.desc())).all()


def newest_alarms(session: Session, user: User, now: datetime) -> list[tuple[DeliveryAlarm, str]]:
    """(alarm, name of its delivery) of the last day that this user may see, the newest few."""
    visible = sa.true() if sees_every_team(user) else Delivery.team_id == user.team_id
    rows = session.execute(
        sa.select(DeliveryAlarm, Delivery.name)
        .join(Delivery, Delivery.id == DeliveryAlarm.delivery_id)
        .where(visible, DeliveryAlarm.at > now - NEWS)
        .order_by(DeliveryAlarm.id.desc())
        .limit(LISTED)
    )
    return [(alarm, name) for alarm, name in rows]
