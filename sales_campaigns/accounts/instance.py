"""The one row of this installation: whether anything is sent at all, and where a sped-up clock is anchored."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.clock import Clock, SpedUpClock, SystemClock, machine_now
from sales_campaigns.database import Sessions
from sales_campaigns.unit_of_work import UnitOfWork


def clock_anchor(sessions: Sessions) -> tuple[datetime, datetime]:
    """The pair (real, business) the clock is counted from; the first call makes both the present."""
    with sessions() as session:
        instance = session.get(Instance, 1) or Instance(id=1)
        session.add(instance)
        if instance.clock_real is None or instance.clock_business is None:
            instance.clock_real = instance.clock_business = machine_now()
        session.commit()
        return instance.clock_real, instance.clock_business


def keep_anchor(sessions: Sessions, business: datetime) -> None:
    """Remember that business time stood at `business` just now, so that it goes on from there."""
    with sessions() as session:
        instance = session.get(Instance, 1) or Instance(id=1)
        session.add(instance)
        instance.clock_real, instance.clock_business = machine_now(), business
        session.commit()


def clock_of(speed: float, sessions: Sessions) -> Clock:
    """Business time of this installation: the real one, or `speed` times as fast in a demo."""
    return SpedUpClock(speed, lambda: clock_anchor(sessions)) if speed > 1 else SystemClock()


def put_set_up_away(uow: UnitOfWork, actor: User) -> None:
    """The steps of the first run are shown on Today no more; a second time changes nothing."""
    require(actor, "manage_installation")
    never = (Instance.id == 1, Instance.set_up_at.is_(None))
    uow.session.execute(sa.update(Instance).where(*never).values(set_up_at=uow.now))
    uow.record("set_up.put_away", actor_id=actor.id, team_id=actor.team_id)
