"""A week of sends and tasks, rep by rep, with leave and holidays: flat queries, each rep's days in their own zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import limit_on
from sales_campaigns.accounts.roles import may
from sales_campaigns.calendars.models import Leave, LeaveKind
from sales_campaigns.calendars.own_dates import with_own
from sales_campaigns.calendars.own_holidays import own_dates
from sales_campaigns.calendars.states import COUNTS
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.planner.local_time import span_of
from sales_campaigns.enrollments.changes.shared_plans import SharedPlans
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT, WAITING
from sales_campaigns.tasks.days import local_date
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.tasks.wanted import due_now

DAYS = 7
FORESEEN_FOR = 300  # people under way; beyond that only the next step of each is counted


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of one rep. `foreseen` are mails and tasks of steps after the next one, as the planner sees them."""

    date: date
    sent: int = 0
    planned: int = 0
    tasks: int = 0
    foreseen_mails: int = 0
    foreseen_tasks: int = 0
    leave: LeaveKind | None = None
    holiday: bool = False

    @property
    def mails(self) -> int:
        return self.sent + self.planned + self.foreseen_mails

    @property
    def work(self) -> int:
        return self.tasks + self.foreseen_tasks


@dataclass(frozen=True, slots=True)
class RepWeek:
    """A rep with the days of a week; `mailbox` is None where none is connected."""

    user: User
    mailbox: Mailbox | None
    days: tuple[DayCell, ...]

    def full_at(self, cell: DayCell) -> int | None:
        """How many campaign mails leave that day, where the mails of the day reach it: the limit, less on a ramp."""
        if self.mailbox is None:
            return None
        most = limit_on(self.mailbox, self.mailbox.daily_limit, cell.date)
        return most if cell.mails >= most else None


@dataclass(frozen=True, slots=True)
class Week:
    """`beyond` is how many people are under way when their later steps are too many to be foreseen, else 0."""

    monday: date
    reps: tuple[RepWeek, ...]
    beyond: int = 0


def week_of(session: Session, actor: User, monday: date, now: datetime) -> Week:
    """The actor's own, for administrators of the team everybody's who is active; the same queries however many."""
    everybody = may(actor, "see_team")
    mine = User.team_id == actor.team_id if everybody else User.id == actor.id
    users = session.scalars(sa.select(User).where(mine, User.active).order_by(User.first_name, User.id)).all()
    ids = [user.id for user in users]
    counted = _counted(session, users, monday)
    foreseen, beyond = _foreseen(session, users, now)
    away, free = _leave(session, ids, monday), _holidays(session, actor, users, monday)
    boxes = _boxes(session, ids)
    reps = []
    for user in users:
        days = tuple(
            DayCell(
                day,
                sent=counted["sent"].get((user.id, n), 0),
                planned=counted["planned"].get((user.id, n), 0),
                tasks=counted["tasks"].get((user.id, n), 0),
                foreseen_mails=foreseen[user.id, False, day],
                foreseen_tasks=foreseen[user.id, True, day],
                leave=away.get((user.id, day)),
                holiday=day in free[user.id],
            )
            for n in range(DAYS)
            for day in [monday + timedelta(days=n)]
        )
        reps.append(RepWeek(user, boxes.get(user.id), days))
    return Week(monday, tuple(reps), beyond)


def _counted(
    session: Session, users: Sequence[User], monday: date
) -> Mapping[str, Mapping[tuple[int, int], int]]:
    """What is in the books: mails that left, mails that wait, tasks that are open or have their day."""
    ids = [user.id for user in users]
    sent, due, task = (_day(users, monday, at) for at in (Message.sent_at, Message.due_at, due_now()))
    opening = _day(users, monday, StepRun.due_at)
    mails = (Message.sender_id.in_(ids), ~Message.proof)
    open_tasks = (Task.assignee_id.in_(ids), Task.state == TaskState.OPEN)
    queries = {
        "sent": [_count(Message.sender_id, sent).where(*mails, Message.state.in_(LEFT))],
        "planned": [_count(Message.sender_id, due).where(*mails, Message.state.in_(WAITING))],
        "tasks": [
            _count(Task.assignee_id, task).where(*open_tasks),
            _count(Enrollment.sender_id, opening)
            .join(StepRun, StepRun.enrollment_id == Enrollment.id)
            .where(
                Enrollment.sender_id.in_(ids),
                Enrollment.state == EnrollmentState.ACTIVE,
                StepRun.state == StepRunState.PLANNED,
                StepRun.is_task,
            ),
        ],
    }
    return {name: _numbers(session, each, users) for name, each in queries.items()}


def _count(by: Any, day: sa.ColumnElement[int]) -> sa.Select[Any, Any, Any]:
    return sa.select(by, day, sa.func.count()).join(User, User.id == by).group_by(by, day)


def _numbers(
    session: Session, queries: Iterable[sa.Select[Any, Any, Any]], users: Sequence[User]
) -> Mapping[tuple[int, int], int]:
    found: Counter[tuple[int, int]] = Counter()
    if users:
        for query in queries:
            for user_id, day, number in session.execute(query):
                if day is not None:
                    found[user_id, day] += number
    return found


def _day(users: Sequence[User], monday: date, at: Any) -> sa.ColumnElement[int]:
    """Which day of the week an instant lies on, in the zone of the rep; null outside of it."""
    whens = []
    for zone in sorted({user.zone for user in users}):
        for n in range(DAYS):
            start, end = span_of(monday + timedelta(days=n), monday + timedelta(days=n), zone)
            whens.append((sa.and_(User.zone == zone, at >= start, at < end), sa.literal(n)))
    return sa.case(*whens)


def _foreseen(
    session: Session, users: Sequence[User], now: datetime
) -> tuple[Counter[tuple[int, bool, date]], int]:
    """(user, is a task, local date) → steps that have no run yet; or how many people that would be to plan."""
    zones = {user.id: user.zone for user in users}
    active = (Enrollment.sender_id.in_(zones), Enrollment.state == EnrollmentState.ACTIVE)
    ids = session.scalars(sa.select(Enrollment.id).where(*active).limit(FORESEEN_FOR + 1)).all()
    found: Counter[tuple[int, bool, date]] = Counter()
    if len(ids) > FORESEEN_FOR:
        people = session.scalar(sa.select(sa.func.count()).select_from(Enrollment).where(*active))
        return found, people or 0
    plans = SharedPlans(now)
    for way in ways_of(session, ids):
        found.update(_steps_ahead(way, plans, zones[way.enrollment.sender_id]))
    return found, 0


def _steps_ahead(way: Way, plans: SharedPlans, zone: str) -> list[tuple[int, bool, date]]:
    return [
        (way.enrollment.sender_id, planned.is_task, local_date(planned.at, zone))
        for planned in plans.of(way, way.start, way.over, way.put_off)
        if way.steps[planned.index].key not in way.runs and (planned.is_task or way.enrollment.email)
    ]


def _leave(session: Session, ids: Sequence[int], monday: date) -> dict[tuple[int, date], LeaveKind]:
    last = monday + timedelta(days=DAYS - 1)
    rows = session.scalars(
        sa.select(Leave).where(
            Leave.user_id.in_(ids),
            Leave.state.in_(COUNTS),
            Leave.first_day <= last,
            Leave.last_day >= monday,
        )
    )
    return {
        (leave.user_id, day): leave.how
        for leave in rows
        for n in range(DAYS)
        if leave.first_day <= (day := monday + timedelta(days=n)) <= leave.last_day
    }


def _holidays(
    session: Session, actor: User, users: Sequence[User], monday: date
) -> dict[int, frozenset[date]]:
    """User → the holidays of their country, as the team keeps them; a country that is not known has none."""
    own, years = own_dates(session, actor.team_id), {monday.year, (monday + timedelta(days=DAYS)).year}
    by_place: dict[str, frozenset[date]] = defaultdict(frozenset)
    for place in {user.country for user in users if user.country}:
        try:
            by_place[place] = with_own(holiday_dates(place, years), place, own)
        except Invalid:
            continue
    return {user.id: by_place[user.country] for user in users}


def _boxes(session: Session, ids: Sequence[int]) -> dict[int, Mailbox]:
    """The first mailbox of each."""
    query = sa.select(Mailbox).where(Mailbox.user_id.in_(ids)).options(lazyload(Mailbox.user))
    return {box.user_id: box for box in session.scalars(query.order_by(Mailbox.id.desc()))}
