"""How many people are where: one grouped query for a whole list of campaigns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, sees_every_team
from sales_campaigns.enrollments.holding import AWAY, NOT_CONNECTED, WROTE
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.states import UNDER_WAY


@dataclass(frozen=True)
class PeopleCount:
    """Of everybody who was ever added: how many are under way, how many have ended or finished."""

    under_way: int = 0
    over: int = 0


@dataclass(frozen=True)
class HeldCount:
    """People held for a user to decide: because they wrote, and because a sender is gone or cannot send."""

    wrote: int = 0
    sender_gone: int = 0


def held_counts(session: Session, user: User) -> HeldCount:
    """What the user sent and is held because people wrote; for administrators, what deactivated senders left."""
    mine = sa.and_(Enrollment.why == WROTE, Enrollment.sender_id == user.id)
    gone = sa.and_(
        Enrollment.why.in_((AWAY, NOT_CONNECTED)),
        sa.true() if sees_every_team(user) else Enrollment.team_id == user.team_id,
    )
    people = sa.func.count(sa.distinct(sa.case((mine, Enrollment.person_id))))
    query = sa.select(people, sa.func.count(sa.case((gone, Enrollment.id))))
    wrote, away = session.execute(
        query.where(Enrollment.state == EnrollmentState.HELD, sa.or_(mine, gone))
    ).one()
    return HeldCount(wrote, away if may(user, "manage_team") else 0)


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


def ended_reasons(session: Session, campaign_id: int, limit: int = 30) -> list[str]:
    """Why people ended before the last step of a campaign, the most frequent first."""
    query = (
        sa.select(Enrollment.why)
        .where(Enrollment.campaign_id == campaign_id, Enrollment.state == EnrollmentState.ENDED)
        .group_by(Enrollment.why)
        .order_by(sa.func.count().desc(), Enrollment.why)
        .limit(limit)
    )
    return [why for why in session.scalars(query) if why]
