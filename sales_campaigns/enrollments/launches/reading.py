"""One launch, and the people of one campaign by their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.enrollments.models import Enrollment, Launch
from sales_campaigns.errors import NotFound


def launch_of(session: Session, actor: User, launch_id: int) -> Launch:
    """Raises NotFound for a launch of another team."""
    found = session.get(Launch, launch_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    return found


def enrollments_among(session: Session, campaign_id: int, ids: Sequence[int]) -> Sequence[Enrollment]:
    """Those of these ids that are of this campaign, which the caller may see."""
    query = sa.select(Enrollment).where(Enrollment.campaign_id == campaign_id, Enrollment.id.in_(ids))
    return session.scalars(query.order_by(Enrollment.id)).all()
