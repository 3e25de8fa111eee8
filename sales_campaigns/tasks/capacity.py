"""How many tasks a rep gets done in a day: as the rep says, else as measured. Only forecasts read it; no task moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

LOOKED_AT = 10  # working days
MOST = 1_000
CHOSEN = "tasks_a_day"  # the name of the preference


@dataclass(frozen=True, slots=True)
class Capacity:
    """`a_day` is None where nothing is known; `measured` tells that it is the median of the last working days."""

    a_day: int | None
    measured: bool


def capacity_of(session: Session, user: User, now: datetime) -> Capacity:
    """What the user says, else the median of those of the last ten working days on which any task was done."""
    chosen = user.preferences.get(CHOSEN)
    if isinstance(chosen, int):
        return Capacity(chosen, measured=False)
    done = _done_by_day(session, user, now)
    return Capacity(round(median(done.values())) if done else None, measured=True)


def choose_capacity(uow: UnitOfWork, actor: User, written: str) -> None:
    """Set the own number of tasks a day; blank measures it again. Raises Invalid({"tasks_a_day": …})."""
    require(actor, "work_tasks")
    words = written.strip()
    if words and not (words.isascii() and words.isdecimal() and 1 <= int(words[:9]) <= MOST):
        raise Invalid({CHOSEN: f"Write a number from 1 to {MOST:,}, or leave it empty to have it measured."})
    kept = {name: value for name, value in actor.preferences.items() if name != CHOSEN}
    actor.preferences = kept | ({CHOSEN: int(words)} if words else {})
    uow.record("user.changed", actor_id=actor.id, team_id=actor.team_id, data={CHOSEN: words})


def _done_by_day(session: Session, user: User, now: datetime) -> Counter[date]:
    zone = ZoneInfo(user.zone)
    days = _working_days_before(now.astimezone(zone).date())
    ended = sa.select(Task.ended_at).where(
        Task.assignee_id == user.id,
        Task.state == TaskState.COMPLETED,
        Task.ended_at >= now - timedelta(days=3 * LOOKED_AT),
    )
    dates = (at.astimezone(zone).date() for at in session.scalars(ended) if at is not None)
    return Counter(day for day in dates if day in days)


def _working_days_before(today: date) -> set[date]:
    """The last ten days from Monday to Friday, without today."""
    days = (today - timedelta(days=n) for n in range(1, 2 * LOOKED_AT))
    return set([day for day in days if day.weekday() < 5][:LOOKED_AT])
