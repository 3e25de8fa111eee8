"""Everybody who was targeted was started or left out with a cause: counted from the rows, never from counters."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.enrollments.models import Enrollment, Launch

NEWEST = 200


def launches_out_of_balance(session: Session) -> int:
    """The rule: started + excluded = targeted, for the newest launches; how many are otherwise."""
    newest = sa.select(Launch).order_by(Launch.id.desc()).limit(NEWEST).subquery()
    started = (
        sa.select(sa.func.count())
        .where(Enrollment.launch_id == newest.c.id)
        .correlate(newest)
        .scalar_subquery()
    )
    rows = session.execute(sa.select(newest.c.targeted, newest.c.excluded, started.label("started")))
    return sum(row.targeted != row.started + sum(row.excluded.values()) for row in rows)
