"""When a user is deactivated, nobody is written to in that name: the people under way are held."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.rights import activate, deactivate
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import about, plan_again
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release, stop
from sales_campaigns.unit_of_work import UnitOfWork

AWAY = "its sender was deactivated"


def deactivate_sender(uow: UnitOfWork, actor: User, user_id: int) -> int:
    """The rule: held when the user is deactivated, until an administrator decides. How many people are held."""
    user = deactivate(uow, actor, user_id)
    ids = move_many(uow.session, ENROLLMENT, Enrollment, "hold", Enrollment.sender_id == user.id, why=AWAY)
    stop(uow.session, "enrollment", ids, AWAY)
    _record(uow, actor, ids, "enrollment.held")
    return len(ids)


def activate_sender(uow: UnitOfWork, actor: User, user_id: int) -> int:
    """Whoever was held for that reason goes on, with new dates. How many."""
    user = activate(uow, actor, user_id)
    held = (Enrollment.sender_id == user.id, Enrollment.why == AWAY)
    ids = move_many(uow.session, ENROLLMENT, Enrollment, "resume", *held, Enrollment.state == "held", why="")
    release(uow.session, "enrollment", ids)
    plan_again(uow, sorted(ids))
    _record(uow, actor, ids, "enrollment.active")
    return len(ids)


def _record(uow: UnitOfWork, actor: User, enrollment_ids: list[int], kind: str) -> None:
    uow.session.expire_all()
    for row in uow.session.scalars(sa.select(Enrollment).where(Enrollment.id.in_(enrollment_ids))).all():
        uow.record(kind, **about(row, actor))
