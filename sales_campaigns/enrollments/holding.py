"""Hold people until somebody decides, and pause them until they are back: sets of enrollments, flat queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import stop
from sales_campaigns.unit_of_work import UnitOfWork

WROTE = "wrote to you"
AWAY = "its sender was deactivated"
NOT_CONNECTED = "its mailbox is not connected"
OUT_OF_OFFICE = "out of office"
CHUNK = 5_000


def hold(uow: UnitOfWork, why: str, *where: Any, actor_id: int | None = None) -> list[int]:
    """Nothing leaves and no task opens for whoever matches, until somebody decides; the ids of those held.

    Whoever a user paused stays paused: that is a decision already. A pause that would end by itself is not.
    """
    goes_on = sa.or_(Enrollment.state == EnrollmentState.ACTIVE, Enrollment.resume_at.is_not(None))
    moved = move_many(uow.session, ENROLLMENT, Enrollment, "hold", goes_on, *where, why=why, resume_at=None)
    return _stopped(uow, moved, "enrollment.held", why, actor_id)


def pause(uow: UnitOfWork, why: str, *where: Any, until: datetime | None = None) -> list[int]:
    """Pause whoever matches and is on the way; with `until` they go on by themselves."""
    moved = move_many(uow.session, ENROLLMENT, Enrollment, "pause", *where, why=why, resume_at=until)
    data: dict[str, Any] = {"until": until.isoformat()} if until else {}
    return _stopped(uow, moved, "enrollment.paused", why, **data)


def tell(
    uow: UnitOfWork, kind: str, enrollment_ids: Sequence[int], actor_id: int | None = None, **data: Any
) -> None:
    """One line of activity for each of them."""
    columns = (Enrollment.id, Enrollment.team_id, Enrollment.person_id, Enrollment.campaign_id)
    rows = uow.session.execute(
        sa.select(*columns).where(Enrollment.id.in_(enrollment_ids)).order_by(Enrollment.id)
    )
    about = [
        {
            "actor_id": actor_id,
            "team_id": row.team_id,
            "person_id": row.person_id,
            "campaign_id": row.campaign_id,
            "enrollment_id": row.id,
            "data": data,
        }
        for row in rows
    ]
    uow.record_many(kind, about)


def _stopped(
    uow: UnitOfWork, ids: Iterable[int], kind: str, why: str, actor_id: int | None = None, **data: Any
) -> list[int]:
    moved = sorted(ids)
    for first in range(0, len(moved), CHUNK):
        chunk = moved[first : first + CHUNK]
        stop(uow.session, "enrollment", chunk, why)
        tell(uow, kind, chunk, actor_id, cause=why, **data)
    if moved:
        uow.session.expire_all()
    return moved
