"""Rescue overdue tasks in one act: spread them over the days to come, skip them, or clear them away. All set-based."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from sales_campaigns.absence.ended_at_once import end_tasks, open_again
from sales_campaigns.absence.models import Rescue, RescuedTask, RescueKind
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.leave import days_off
from sales_campaigns.calendars.own_dates import with_own
from sales_campaigns.calendars.own_holidays import own_dates
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.tasks.days import at_local, local_date, start_of_day
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.share import share, working_days
from sales_campaigns.unit_of_work import UnitOfWork

NOON = time(12)
MOST_DAYS, MOST_A_DAY, LONGEST_AGO = 60, 500, 365
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose tasks, overdue by more than so many days, are to be rescued and how; for a spread over how many
    working days, with at most how many tasks on each of them (those that are due there already counted)."""

    user: User
    how: RescueKind = RescueKind.SPREAD
    older_than: int = 0
    days: int = 5
    most: int = 40


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rescue would do: `number` tasks, for a spread so many on each day beside those that are `there`.

    `left` are those for which the days have no room.
    """

    number: int
    by_day: Mapping[date, int]
    there: Mapping[date, int]
    left: int = 0


def preview_rescue(uow: UnitOfWork, actor: User, wish: Wish) -> Preview:
    """Nothing is changed. Raises Invalid by field, NotAllowed."""
    _check(actor, wish)
    number = uow.session.scalar(sa.select(sa.func.count()).select_from(Task).where(*_overdue(uow, wish))) or 0
    if wish.how is not RescueKind.SPREAD:
        return Preview(number, {}, {})
    days, there = _days(uow, wish)
    chosen = share(number, days, wish.most, there)
    by_day = Counter(chosen)
    return Preview(number, {day: by_day[day] for day in days}, there, number - len(chosen))


def rescue(uow: UnitOfWork, actor: User, wish: Wish, undo_seconds: int = 10) -> tuple[Rescue, int]:
    """Do it; the row that undoes it, and how many tasks. Raises Invalid, NotAllowed, IllegalMove for none."""
    _check(actor, wish)
    tasks = _locked(uow, wish)
    chosen: list[date] = []
    if wish.how is RescueKind.SPREAD:
        days, there = _days(uow, wish)
        chosen = share(len(tasks), days, wish.most, there)
        tasks = tasks[: len(chosen)]
    if not tasks:
        raise IllegalMove("There is nothing to rescue: no task is overdue for so long, or the days are full.")
    row = _keep(uow, actor, wish, tasks, undo_seconds)
    if wish.how is RescueKind.SPREAD:
        _move(uow, wish.user, [id for id, *_ in tasks], chosen)
    else:
        event = "skip" if wish.how is RescueKind.SKIP else "complete"
        end_tasks(uow, event, [id for id, *_ in tasks], row.undo_until)
    uow.session.expire_all()
    uow.record("task.rescued", actor_id=actor.id, team_id=wish.user.team_id, data=_told(row, len(tasks)))
    return row, len(tasks)


def undo_rescue(uow: UnitOfWork, actor: User, rescue_id: int) -> int:
    """Every task as it was before; how many. Raises NotFound, IllegalMove when its time is over."""
    row = uow.session.scalar(sa.select(Rescue).where(Rescue.id == rescue_id).with_for_update())
    if row is None or row.author_id != actor.id:
        raise NotFound("This rescue is not there, or somebody else did it.")
    if row.undone_at is not None or uow.now > row.undo_until:
        raise IllegalMove("It is too late to undo this.")
    row.undone_at = uow.now
    uow.session.flush()
    number = _put_back(uow, row) if row.how is RescueKind.SPREAD else open_again(uow, _ids(row))
    uow.session.expire_all()
    uow.record("task.rescue_undone", actor_id=actor.id, team_id=actor.team_id, data=_told(row, number))
    return number


def _check(actor: User, wish: Wish) -> None:
    if wish.user.id != actor.id:
        require(actor, "manage_team")
    problems = {}
    if not 0 <= wish.older_than <= LONGEST_AGO:
        problems["older_than"] = f"Give a number of days from 0 to {LONGEST_AGO}."
    if not 1 <= wish.days <= MOST_DAYS:
        problems["days"] = f"Spread them over 1 to {MOST_DAYS} working days."
    if not 1 <= wish.most <= MOST_A_DAY:
        problems["most"] = f"Give a number from 1 to {MOST_A_DAY}."
    if problems:
        raise Invalid(problems)


def _due() -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(Task.snoozed_until, Task.due_at, type_=Task.due_at.type)


def _overdue(uow: UnitOfWork, wish: Wish) -> tuple[sa.ColumnElement[bool], ...]:
    """Overdue since more than so many days of the assignee; one whose mail is on its way asks nothing of anybody."""
    before = start_of_day(uow.now, wish.user.zone, -wish.older_than)
    return (
        Task.assignee_id == wish.user.id,
        Task.state == TaskState.OPEN,
        Task.message_id.is_(None),
        _due() < before,
    )


def _locked(uow: UnitOfWork, wish: Wish) -> list[tuple[int, datetime, datetime | None]]:
    """The urgent ones first, then those that wait longest."""
    query = (
        sa.select(Task.id, Task.due_at, Task.snoozed_until)
        .where(*_overdue(uow, wish))
        .order_by(Task.priority == Priority.NORMAL, _due(), Task.id)
        .with_for_update()
    )
    return [(id, due_at, snoozed) for id, due_at, snoozed in uow.session.execute(query)]


def _days(uow: UnitOfWork, wish: Wish) -> tuple[list[date], dict[date, int]]:
    """The rep's next working days, from today on, and how many tasks each of them holds."""
    user, today = wish.user, local_date(uow.now, wish.user.zone)
    last = today + timedelta(days=366)
    off = set(days_off(uow.session, user, today, last))
    if user.country:
        public = holiday_dates(user.country, range(today.year, last.year + 1))
        off |= with_own(public, user.country, own_dates(uow.session, user.team_id))
    days = working_days(today, wish.days, off)
    return days, _there(uow, user, days)


def _there(uow: UnitOfWork, user: User, days: list[date]) -> dict[date, int]:
    if not days:
        return {}
    first, last = (at_local(day, time(0), user.zone) for day in (days[0], days[-1] + timedelta(days=1)))
    rows = uow.session.scalars(
        sa.select(_due()).where(
            Task.assignee_id == user.id, Task.state == TaskState.OPEN, _due() >= first, _due() < last
        )
    )
    return dict(Counter(local_date(due, user.zone) for due in rows))


def _keep(
    uow: UnitOfWork,
    actor: User,
    wish: Wish,
    tasks: list[tuple[int, datetime, datetime | None]],
    undo_seconds: int,
) -> Rescue:
    until = uow.now + uow.people_seconds(undo_seconds)
    row = Rescue(user_id=wish.user.id, author_id=actor.id, how=wish.how, at=uow.now, undo_until=until)
    uow.session.add(row)
    uow.session.flush()
    rows = [{"rescue_id": row.id, "task_id": id, "due_at": due, "snoozed_until": z} for id, due, z in tasks]
    for first in range(0, len(rows), CHUNK):
        uow.session.execute(sa.insert(RescuedTask), rows[first : first + CHUNK])
    return row


def _move(uow: UnitOfWork, user: User, ids: list[int], days: list[date]) -> None:
    """Due at noon of its day; one statement a day, however many tasks it takes."""
    by_day: dict[date, list[int]] = {}
    for id, day in zip(ids, days, strict=True):
        by_day.setdefault(day, []).append(id)
    for day, mine in by_day.items():
        uow.session.execute(
            sa.update(Task)
            .where(Task.id.in_(mine))
            .values(due_at=at_local(day, NOON, user.zone), snoozed_until=None)
            .execution_options(synchronize_session=False)
        )


def _put_back(uow: UnitOfWork, row: Rescue) -> int:
    before = (RescuedTask.rescue_id == row.id, RescuedTask.task_id == Task.id)
    due = sa.select(RescuedTask.due_at).where(*before).scalar_subquery()
    snoozed = sa.select(RescuedTask.snoozed_until).where(*before).scalar_subquery()
    changed = uow.session.execute(
        sa.update(Task)
        .where(Task.id.in_(_ids(row)), Task.state == TaskState.OPEN)
        .values(due_at=due, snoozed_until=snoozed)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def _ids(row: Rescue) -> sa.Select[int]:
    return sa.select(RescuedTask.task_id).where(RescuedTask.rescue_id == row.id)


def _told(row: Rescue, number: int) -> dict[str, object]:
    return {"rescue": row.id, "how": row.how.value, "tasks": number, "user": row.user_id}
