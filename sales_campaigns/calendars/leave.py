"""Reading leave: who is away when, who stands in, and what a planner has to go around."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, lazyload

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, sees_every_team
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState
from sales_campaigns.calendars.states import COUNTS
from sales_campaigns.errors import NotFound

Away = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """A leave with whose it is and who stands in; `mine` tells that the actor may change it."""

    leave: Leave
    user: User
    colleague: User | None
    mine: bool


def away_of(session: Session, user_ids: Iterable[int]) -> Mapping[int, Away]:
    """User → the spans that the dates of their steps go around, in order; in one query.

    One that is over still counts: what it has moved must not be seen to have stood elsewhere.
    """
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = session.execute(
        sa.select(Leave.user_id, Leave.begins_at, Leave.ends_at)
        .where(Leave.user_id.in_(set(user_ids)), Leave.how == LeaveKind.SHIFT, Leave.state.in_(COUNTS))
        .order_by(Leave.begins_at)
    )
    for user_id, begins_at, ends_at in rows:
        found[user_id].append((begins_at, ends_at))
    return {user_id: tuple(spans) for user_id, spans in found.items()}


def shifts_of(session: Session, user: User) -> tuple[tuple[date, date], ...]:
    """First and last day of each leave that the user's dates go around, in order."""
    rows = session.execute(
        sa.select(Leave.first_day, Leave.last_day)
        .where(Leave.user_id == user.id, Leave.how == LeaveKind.SHIFT, Leave.state.in_(COUNTS))
        .order_by(Leave.first_day)
    )
    return tuple((first, last) for first, last in rows)


def stand_ins(session: Session, user_ids: Iterable[int]) -> Mapping[int, int]:
    """User who is on leave now → the colleague who does the work meanwhile."""
    rows = session.execute(
        sa.select(Leave.user_id, Leave.colleague_id)
        .join(User, User.id == Leave.colleague_id)
        .where(Leave.user_id.in_(set(user_ids)), Leave.state == LeaveState.CURRENT, User.active)
    )
    return {user_id: colleague_id for user_id, colleague_id in rows if colleague_id is not None}


def days_off(session: Session, user: User, first: date, last: date) -> frozenset[date]:
    """The dates from `first` to `last` on which the user is on leave of any kind."""
    rows = session.execute(
        sa.select(Leave.first_day, Leave.last_day).where(
            Leave.user_id == user.id,
            Leave.state.in_(COUNTS),
            Leave.first_day <= last,
            Leave.last_day >= first,
        )
    )
    return frozenset(
        date.fromordinal(day) for start, end in rows for day in range(start.toordinal(), end.toordinal() + 1)
    )


def leaves_seen(session: Session, actor: User, since: datetime) -> list[LeaveLine]:
    """The leave of the team that is not over, or ended after `since`, by date; for administrators of every team."""
    colleague = aliased(User)
    query = (
        sa.select(Leave, User, colleague)
        .join(User, User.id == Leave.user_id)
        .outerjoin(colleague, colleague.id == Leave.colleague_id)
        .options(
            lazyload(User.team), lazyload(colleague.team)
        )  # joined, it would leave out who has no colleague
        .where(Leave.ends_at > since, Leave.state != LeaveState.CANCELLED)
        .order_by(Leave.first_day, Leave.id)
    )
    if not sees_every_team(actor):
        query = query.where(Leave.team_id == actor.team_id)
    return [
        LeaveLine(leave, user, who, may_change(actor, leave)) for leave, user, who in session.execute(query)
    ]


def leave_of(session: Session, actor: User, leave_id: int) -> Leave:
    """A leave of the actor's team, locked. Raises NotFound."""
    query = sa.select(Leave).where(Leave.id == leave_id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Leave.team_id == actor.team_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("This leave is not there, or it belongs to another team.")
    return found


def current_leave(session: Session, user: User) -> Leave | None:
    """The leave that the user is on now."""
    return session.scalar(sa.select(Leave).where(Leave.user_id == user.id, Leave.state == LeaveState.CURRENT))


def next_change(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some leave begins or ends."""
    begins = sa.select(sa.func.min(Leave.begins_at)).where(
        Leave.state == LeaveState.PLANNED, Leave.begins_at > after
    )
    ends = sa.select(sa.func.min(Leave.ends_at)).where(
        Leave.state == LeaveState.CURRENT, Leave.ends_at > after
    )
    return min((at for at in (session.scalar(begins), session.scalar(ends)) if at), default=None)


def may_change(actor: User, leave: Leave) -> bool:
    """One's own leave, and an administrator's view of the team's."""
    return leave.user_id == actor.id or may(actor, "manage_team")
