"""What a list of tasks is narrowed to, and where a task stands: as conditions that a query can use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.tasks.days import start_of_day
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState

TWO_DAYS = timedelta(days=2)  # no zone's today is longer ago: a bound that the index can use
ENDED = (TaskState.COMPLETED, TaskState.SKIPPED)


class Group(StrEnum):
    """Where a task stands. One whose mail is on its way asks nothing of anybody, so it is upcoming."""

    OVERDUE = "overdue"
    TODAY = "today"
    UPCOMING = "upcoming"
    SNOOZED = "snoozed"
    DONE = "done"


TO_DO = (Group.OVERDUE, Group.TODAY)
NOT_OVER = (*TO_DO, Group.UPCOMING, Group.SNOOZED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. `assignee_id` None is everybody of the team.

    `since` and `until` bound the instant at which a task is due now.
    """

    groups: tuple[Group, ...] = TO_DO
    assignee_id: int | None = None
    kind: TaskKind | None = None
    campaign_id: int | None = None
    priority: Priority | None = None
    person_id: int | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def conditions(actor: User, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """All but the groups, which need to know what day it is for whom."""
    exact = {
        Task.assignee_id: wanted.assignee_id,
        Task.kind: wanted.kind,
        Task.campaign_id: wanted.campaign_id,
        Task.priority: wanted.priority,
        Task.person_id: wanted.person_id,
        Task.outcome: wanted.outcome,
    }
    found = own_team(actor) + [column == value for column, value in exact.items() if value is not None]
    if wanted.since is not None:
        found.append(due_now() >= wanted.since)
    if wanted.until is not None:
        found.append(due_now() < wanted.until)
    return found


def own_team(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [Task.team_id == actor.team_id]


def due_now() -> sa.ColumnElement[datetime]:
    """The rule: a snooze sets a new due date."""
    return sa.func.coalesce(Task.snoozed_until, Task.due_at, type_=Task.due_at.type)


def is_open() -> sa.ColumnElement[bool]:
    """Written out, not bound: both databases use a partial index only where they can read its condition."""
    return Task.state == sa.literal_column("'open'")


def group_at(
    now: datetime, start: sa.ColumnElement[datetime], end: sa.ColumnElement[datetime]
) -> sa.ColumnElement[str]:
    """The group of a row; null for what was cancelled or deleted."""
    return sa.case(
        (Task.state.in_(ENDED), sa.literal_column("'done'")),
        (Task.state != TaskState.OPEN, sa.null()),
        (Task.message_id.is_not(None), sa.literal_column("'upcoming'")),
        (Task.snoozed_until > now, sa.literal_column("'snoozed'")),
        (due_now() < start, sa.literal_column("'overdue'")),
        (due_now() < end, sa.literal_column("'today'")),
        else_=sa.literal_column("'upcoming'"),
    )


def today(
    session: Session, actor: User, now: datetime
) -> tuple[sa.ColumnElement[datetime], sa.ColumnElement[datetime]]:
    """Where today begins and ends for the assignee of each row."""
    users = sa.select(User.zone).distinct()
    zones = session.scalars(users if sees_every_team(actor) else users.where(User.team_id == actor.team_id))
    known = sorted(zones)
    return _by_zone(known, now, 0), _by_zone(known, now, 1)


def _by_zone(zones: Sequence[str], now: datetime, days: int) -> sa.ColumnElement[datetime]:
    instants = {zone: sa.literal(start_of_day(now, zone, days), Task.due_at.type) for zone in zones}
    utc = sa.literal(start_of_day(now, "UTC", days), Task.due_at.type)
    return sa.case(instants, value=User.zone, else_=utc)
