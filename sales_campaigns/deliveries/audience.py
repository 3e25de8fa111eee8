"""Who a delivery is for, as conditions on Person: asked by preparation in chunks, and by pages for a number."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.people.listing import Wanted, matching
from sales_campaigns.people.models import Person
from sales_campaigns.people.searches import in_groups


def targeted(session: Session, audience: Audience, owner: User) -> list[sa.ColumnElement[bool]]:
    """The people of the audience. Those named or in a group may have been deleted since: a cause, not a silence.

    An administrator's groups may hold people of several teams; everybody else's delivery is of the own team.
    """
    if audience.everybody:
        return matching(owner.team_id, Wanted())
    visible = sa.true() if sees_every_team(owner) else Person.team_id == owner.team_id
    return [visible, sa.or_(sa.false(), *_ways_in(session, audience, owner))]


def count_people(session: Session, audience: Audience, owner: User) -> int:
    return count_where(session, targeted(session, audience, owner))


def count_where(session: Session, people: Sequence[sa.ColumnElement[bool]]) -> int:
    return session.scalar(sa.select(sa.func.count(Person.id)).where(*people)) or 0


def _ways_in(session: Session, audience: Audience, owner: User) -> list[sa.ColumnElement[bool]]:
    ways = []
    if audience.searches:
        found = Wanted(words=audience.words, owner_id=audience.owner or None)
        ways.append(sa.and_(*matching(owner.team_id, found)))
    if audience.groups:
        ways.append(in_groups(session, audience.groups))
    if audience.people:
        ways.append(Person.id.in_(audience.people))
    return ways
