"""Take leave: enter it before or after the fact, begin and end it, cancel it. What follows depends on its kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from sales_campaigns.absence.lending import give_back, lend
from sales_campaigns.absence.pausing_work import enrollments_of, go_on_with
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.leave import leave_of, may_change
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState
from sales_campaigns.calendars.states import COUNTS, LEAVE
from sales_campaigns.campaigns.planner.local_time import span_of
from sales_campaigns.enrollments.pausing import plan_again, plan_anew
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.messages.models import Cause
from sales_campaigns.messages.stops.reasons import lift_stop, put_stop
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Absent:
    """Who is away from when to when (both days included), and what becomes of the work."""

    user: User
    first_day: date
    last_day: date
    how: LeaveKind
    colleague: User | None = None
    note: str = ""


def take_leave(uow: UnitOfWork, actor: User, absent: Absent) -> Leave:
    """Enter a leave; one that has begun already takes effect at once. Raises Invalid by field, NotAllowed."""
    _allow(actor, absent.user)
    # Two forms at once must see each other's days.
    uow.session.execute(sa.select(User.id).where(User.id == absent.user.id).with_for_update(key_share=True))
    begins_at, ends_at = span_of(absent.first_day, absent.last_day, absent.user.zone)
    _refuse(uow, absent)
    leave = Leave(
        team_id=absent.user.team_id,
        user_id=absent.user.id,
        first_day=absent.first_day,
        last_day=absent.last_day,
        begins_at=begins_at,
        ends_at=ends_at,
        how=absent.how,
        colleague_id=absent.colleague.id if absent.colleague else None,
        note=absent.note.strip(),
        state=LeaveState.PLANNED,
        author_id=actor.id,
        created_at=uow.now,
    )
    uow.session.add(leave)
    uow.session.flush()
    uow.record("leave.taken", actor_id=actor.id, team_id=leave.team_id, data=_told(leave))
    _shift(uow, leave)
    if leave.begins_at <= uow.now:
        _begin(uow, leave)
    return leave


def cancel_leave(uow: UnitOfWork, actor: User, leave_id: int) -> Leave:
    """As if it had not been entered; one that is under way ends now. Raises NotFound, NotAllowed, IllegalMove."""
    leave = leave_of(uow.session, actor, leave_id)
    if not may_change(actor, leave):
        raise NotAllowed("Only administrators of the team change the leave of somebody else.")
    under_way = leave.state is LeaveState.CURRENT
    about = {"actor_id": actor.id, "team_id": leave.team_id, "data": _told(leave)}
    uow.move(LEAVE, leave, "cancel", about=about)
    if under_way:
        _go_on(uow, leave)
    if under_way and leave.how is LeaveKind.SHIFT:  # its dates come back, but never into the past
        plan_again(uow, enrollments_of(uow.session, leave.user_id))
    _shift(uow, leave)
    return leave


def change_leaves(uow: UnitOfWork) -> int:
    """Begin and end what the time has come for; how many there were."""
    due = uow.session.scalars(
        sa.select(Leave)
        .where(
            sa.or_(
                sa.and_(Leave.state == LeaveState.PLANNED, Leave.begins_at <= uow.now),
                sa.and_(Leave.state == LeaveState.CURRENT, Leave.ends_at <= uow.now),
            )
        )
        .order_by(Leave.begins_at, Leave.id)
        .with_for_update(skip_locked=True)
    ).all()
    for leave in due:
        (_begin if leave.state is LeaveState.PLANNED else _end)(uow, leave)
    return len(due)


def _begin(uow: UnitOfWork, leave: Leave) -> None:
    uow.move(LEAVE, leave, "begin", about={"team_id": leave.team_id, "data": _told(leave)})
    if leave.how is LeaveKind.HAND_OVER:
        lend(uow, leave)
    elif leave.how is LeaveKind.PAUSE:
        who = uow.session.get_one(User, leave.user_id)
        put_stop(uow, "sender", who.id, Cause.LEAVE, why_away(who, leave))


def _end(uow: UnitOfWork, leave: Leave) -> None:
    uow.move(LEAVE, leave, "end", about={"team_id": leave.team_id, "data": _told(leave)})
    _go_on(uow, leave)


def _go_on(uow: UnitOfWork, leave: Leave) -> None:
    """The rule: what came due meanwhile follows “never in the past” and “slip”; lent tasks go back."""
    if leave.how is LeaveKind.HAND_OVER:
        give_back(uow, leave)
    elif lift_stop(uow, "sender", leave.user_id, Cause.LEAVE):
        go_on_with(uow, leave.user_id)


def _shift(uow: UnitOfWork, leave: Leave) -> None:
    if leave.how is LeaveKind.SHIFT:
        uow.session.flush()
        plan_anew(uow, enrollments_of(uow.session, leave.user_id))


def why_away(user: User, leave: Leave) -> str:
    """Why nothing leaves, as gates and pages say it."""
    return f"{user.name} is on leave until {leave.last_day:%a} {leave.last_day.day} {leave.last_day:%b}"


def _allow(actor: User, user: User) -> None:
    if user.id != actor.id:
        require(actor, "manage_team")


def _refuse(uow: UnitOfWork, absent: Absent) -> None:
    problems = {}
    _, ends_at = span_of(absent.first_day, absent.last_day, absent.user.zone)
    if absent.last_day < absent.first_day:
        problems["last_day"] = "The last day is the first day, or a later one."
    elif absent.last_day - absent.first_day > LONGEST:
        problems["last_day"] = "A leave lasts a year at most. Deactivate the user for longer."
    elif ends_at <= uow.now:
        problems["last_day"] = (
            "This leave is over already. What became overdue meanwhile is spread under Tasks."
        )
    elif words := _overlap(uow, absent):
        problems["first_day"] = words
    if words := _unfit(absent):
        problems["colleague"] = words
    if len(absent.note.strip()) > 200:
        problems["note"] = "Use 200 characters or fewer."
    if problems:
        raise Invalid(problems)


def _overlap(uow: UnitOfWork, absent: Absent) -> str:
    other = uow.session.scalars(
        sa.select(Leave)
        .where(
            Leave.user_id == absent.user.id,
            Leave.state.in_(COUNTS),
            Leave.first_day <= absent.last_day,
            Leave.last_day >= absent.first_day,
        )
        .order_by(Leave.first_day)
    ).first()
    if other is None:
        return ""
    days = f"{other.first_day:%a} {other.first_day.day} {other.first_day:%b} to {other.last_day:%a}"
    return (
        f"There is a leave from {days} {other.last_day.day} {other.last_day:%b} already. Cancel it, "
        "or choose other days."
    )


def _unfit(absent: Absent) -> str:
    """Why this colleague cannot stand in, or ""."""
    colleague = absent.colleague
    if absent.how is not LeaveKind.HAND_OVER:
        return ""
    if colleague is None or not colleague.active or colleague.team_id != absent.user.team_id:
        return "Choose the teammate who stands in."
    return "Nobody stands in for oneself. Choose a teammate." if colleague.id == absent.user.id else ""


def _told(leave: Leave) -> dict[str, object]:
    days = {"from": leave.first_day.isoformat(), "to": leave.last_day.isoformat()}
    return {"leave": leave.id, "user": leave.user_id, "how": leave.how.value, **days}
