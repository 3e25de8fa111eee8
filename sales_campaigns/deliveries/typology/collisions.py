"""Campaign collision: somebody who is on the way through a campaign. A condition over Person."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.people.models import Person

# The topic of enrollments stands above this one; of its rows this rule needs to know no more than these columns.
_ENROLLMENT = sa.table("enrollment", sa.column("person_id"), sa.column("campaign_id"), sa.column("state"))
UNDER_WAY = ("active", "paused", "held")


def on_the_way(besides: int | None = None) -> sa.ColumnElement[bool]:
    """Whether a person is active in a campaign; `besides` is the one that this person would join."""
    e = _ENROLLMENT.c
    condition = sa.and_(e.person_id == Person.id, e.state.in_(UNDER_WAY))
    if besides is not None:
        condition = sa.and_(condition, e.campaign_id != besides)
    return sa.exists().select_from(_ENROLLMENT).where(condition).correlate(Person)
