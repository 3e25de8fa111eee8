"""People who go on by themselves: their pause ends on the day on which they are back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.claims import claim
from sales_campaigns.enrollments.holding import tell
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import plan_again
from sales_campaigns.messages.holds import release
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500


def resume_due(uow: UnitOfWork) -> int:
    """Let up to a batch go on whose day has come; what came due meanwhile follows “never in the past” and “slip”."""
    ids = claim(
        uow.session,
        Enrollment,
        Enrollment.state == EnrollmentState.PAUSED,
        Enrollment.resume_at <= uow.now,
        order=(Enrollment.resume_at, Enrollment.id),
        limit=BATCH,
        values={"state": EnrollmentState.ACTIVE, "why": "", "resume_at": None},
    )
    if ids:
        uow.session.expire_all()
        release(uow.session, "enrollment", ids)
        tell(uow, "enrollment.active", ids, cause="back")
        plan_again(uow, ids)
    return len(ids)


def next_return(session: Session, after: datetime) -> datetime | None:
    """The next instant at which somebody is back."""
    return session.scalar(
        sa.select(sa.func.min(Enrollment.resume_at)).where(
            Enrollment.state == EnrollmentState.PAUSED, Enrollment.resume_at > after
        )
    )
