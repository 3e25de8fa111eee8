"""Take back a launch: it ends everything of it that has not left."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, require, sees_every_team
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Enrollment, Launch
from sales_campaigns.errors import IllegalMove, NotAllowed, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many people it ended for, and how many mails of the launch had left before."""

    ended: int
    left: int


def take_back(uow: UnitOfWork, actor: User, launch_id: int) -> TakenBack:
    """Raises NotFound, NotAllowed for somebody else's launch, IllegalMove when it was taken back before."""
    require(actor, "launch")
    launch = _launch_of(uow, actor, launch_id)
    if launch.user_id != actor.id and not may(actor, "manage_team"):
        raise NotAllowed("Only whoever launched it, or an administrator, may take it back.")
    if launch.taken_back_at is not None:
        raise IllegalMove("This launch was taken back already.")
    launch.taken_back_at = uow.now
    ended = end(uow, "launch taken back", Enrollment.launch_id == launch.id, actor_id=actor.id)
    uow.record(
        "launch.taken_back",
        actor_id=actor.id,
        team_id=launch.team_id,
        campaign_id=launch.campaign_id,
        data={"launch": launch.id, "people": len(ended)},
    )
    return TakenBack(len(ended), _left(uow, launch))


def _launch_of(uow: UnitOfWork, actor: User, launch_id: int) -> Launch:
    query = sa.select(Launch).where(Launch.id == launch_id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Launch.team_id == actor.team_id)
    launch = uow.session.scalar(query)
    if launch is None:
        raise NotFound("This launch is not there, or it belongs to another team.")
    return launch


def _left(uow: UnitOfWork, launch: Launch) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(Message)
        .join(Enrollment, Enrollment.id == Message.enrollment_id)
        .where(Enrollment.launch_id == launch.id, Message.state.in_(LEFT))
    )
    return uow.session.scalar(query) or 0
