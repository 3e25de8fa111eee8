"""Campaign collision: somebody who is on the way through a campaign. A condition over Person.

The rule: “collision and pressure count by address”, whoever else has it, of whichever team.
"""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.people.models import Person

# The topic of enrollments stands above this one; of its rows this rule needs to know no more than these columns.
_ENROLLMENT = sa.table("enrollment", sa.column("person_id"), sa.column("campaign_id"), sa.column("state"))
UNDER_WAY = ("active", "paused", "held")


def on_the_way(besides: int | None = None) -> sa.ColumnElement[bool]:
    """Whether a person, or somebody with the same address, is active in a campaign; `besides` is the one that this
    person would join.
    """
    e = _ENROLLMENT.c
    twin = sa.orm.aliased(Person)
    going = (
        e.state.in_(UNDER_WAY)
        if besides is None
        else sa.and_(e.state.in_(UNDER_WAY), e.campaign_id != besides)
    )
    theirs = sa.exists().select_from(_ENROLLMENT).where(e.person_id == Person.id, going).correlate(Person)
    shared = sa.exists().select_from(_ENROLLMENT.join(twin, twin.id == e.person_id))
    return sa.or_(theirs, shared.where(twin.address_id == Person.address_id, going).correlate(Person))
