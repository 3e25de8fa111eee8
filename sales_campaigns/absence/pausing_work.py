"""A rep's whole work: paused and resumed as one, by one row that every message of that sender names."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import plan_again
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Cause
from sales_campaigns.messages.stops.reasons import is_stopped, lift_stop, put_stop
from sales_campaigns.unit_of_work import UnitOfWork


def pause_work(uow: UnitOfWork, actor: User, user: User) -> None:
    """Once this transaction stands, no mail of this sender is handed over and none of the tasks opens.

    Raises NotAllowed for somebody else's work, IllegalMove when it is paused already.
    """
    _allow(actor, user)
    by = "" if user.id == actor.id else f" by {actor.name}"
    if not put_stop(uow, "sender", user.id, Cause.PAUSED, f"the work of {user.name} is paused{by}", actor):
        raise IllegalMove(f"The work of {user.name} is paused already.")
    uow.record("user.paused", actor_id=actor.id, team_id=user.team_id, data=_told(user))


def resume_work(uow: UnitOfWork, actor: User, user: User) -> None:
    """What came due meanwhile follows “never in the past” and “slip”. Raises NotAllowed, IllegalMove."""
    _allow(actor, user)
    if not lift_stop(uow, "sender", user.id, Cause.PAUSED):
        raise IllegalMove(f"The work of {user.name} is not paused.")
    uow.record("user.resumed", actor_id=actor.id, team_id=user.team_id, data=_told(user))
    go_on_with(uow, user.id)


def go_on_with(uow: UnitOfWork, user_id: int) -> None:
    """New dates for what waited, unless something else still stops the sender."""
    if not is_stopped(uow.session, "sender", user_id):
        plan_again(uow, enrollments_of(uow.session, user_id))


def enrollments_of(session: Session, user_id: int) -> list[int]:
    """The people of this sender who are on the way, by id; campaigns that are paused plan when they go on."""
    query = sa.select(Enrollment.id).where(
        Enrollment.sender_id == user_id, Enrollment.state == EnrollmentState.ACTIVE
    )
    return list(session.scalars(query.order_by(Enrollment.id)))


def _allow(actor: User, user: User) -> None:
    if user.id != actor.id:
        require(actor, "manage_team")


def _told(user: User) -> dict[str, object]:
    return {"user": user.id, "name": user.name}
