"""How many people are where: one grouped query for a whole list of campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY


@dataclass(frozen=True)
class PeopleCount:
    """Of everybody who was ever added: how many are under way, how many have ended or finished."""

    under_way: int = 0
    over: int = 0


def people_counts(session: Session, campaign_ids: Iterable[int]) -> dict[int, PeopleCount]:
    rows = session.execute(
        sa.select(Enrollment.campaign_id, Enrollment.state, sa.func.count())
        .where(Enrollment.campaign_id.in_(list(campaign_ids)))
        .group_by(Enrollment.campaign_id, Enrollment.state)
    )
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for campaign_id, state, count in rows:
        counted[campaign_id][state not in UNDER_WAY] += count
    return {campaign_id: PeopleCount(*counts) for campaign_id, counts in counted.items()}
