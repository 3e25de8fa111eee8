"""What an act changed of people's ways, kept beside the line of activity that it wrote: what undoing it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.models import Enrollment, WayChange
from sales_campaigns.unit_of_work import UnitOfWork


def keep(
    uow: UnitOfWork, actor: User, what: str, rows: Sequence[Mapping[str, Any]], told: Mapping[str, Any]
) -> int:
    """One line of activity for the act and one change for each person; the id of the line.

    Each row holds the `enrollment_id`, how it stood `before`, and the `next_id` that follows it where there is one.
    """
    first = uow.session.get_one(Enrollment, rows[0]["enrollment_id"])
    act = uow.record(
        f"ways.{what}",
        actor_id=actor.id,
        team_id=first.team_id,
        campaign_id=first.campaign_id,
        data={"people": len(rows), **told},
    )
    uow.session.flush()
    about = {"batch_id": act.id, "at": uow.now, "actor_id": actor.id, "next_id": None}
    uow.session.execute(sa.insert(WayChange), [{**about, **row} for row in rows])
    return act.id
