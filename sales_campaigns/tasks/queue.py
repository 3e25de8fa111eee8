"""The Command Center's list: overdue, today, upcoming, snoozed, done, each judged in the assignee's zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import SENTENCES, first_cause
from sales_campaigns.tasks.days import start_of_day
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState

PAGE = 50
TWO_DAYS = timedelta(days=2)  # no zone's today is longer ago: a bound that the index can use


class Group(StrEnum):
    """Where a task stands. One whose mail is on its way asks nothing of anybody, so it is upcoming."""

    OVERDUE = "overdue"
    TODAY = "today"
    UPCOMING = "upcoming"
    SNOOZED = "snoozed"
    DONE = "done"


TO_DO = (Group.OVERDUE, Group.TODAY)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. `assignee_id` None is everybody of the team."""

    groups: tuple[Group, ...] = TO_DO
    assignee_id: int | None = None
    kind: TaskKind | None = None
    campaign_id: int | None = None
    priority: Priority | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One row: `moment` is when it is due now (after a snooze, or when its mail leaves, or when it ended).

    `zone` is the assignee's, `mail` the state of the message that is to complete it, `cause` why the person
    must not be mailed.
    """

    task: Task
    person: Person | None
    assignee: User
    moment: datetime
    group: Group
    mail: MessageState | None = None
    cause: str = ""

    @property
    def zone(self) -> str:
        return self.assignee.zone

    @property
    def key(self) -> str:
        """Where the next page begins."""
        return f"{self.moment.timestamp():.6f}~{self.task.id}"

    @property
    def warning(self) -> str:
        return SENTENCES.get(self.cause, "")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tasks stand in each group, by type; done are those of today."""

    by_kind: dict[TaskKind, dict[Group, int]] = field(default_factory=dict)

    def of(self, groups: Iterable[Group], kind: TaskKind | None = None) -> int:
        """The number in these groups, of one type or of all."""
        kinds = self.by_kind.values() if kind is None else [self.by_kind.get(kind, {})]
        wanted = tuple(groups)
        return sum(counted.get(group, 0) for counted in kinds for group in wanted)


def task_lines(
    session: Session, actor: User, wanted: Wanted, now: datetime, *, after: str = "", limit: int = PAGE
) -> tuple[tuple[TaskLine, ...], str]:
    """One page in order of `moment`, done ones newest first; and the key of the next page, "" on the last."""
    query, columns = _lines(session, actor, now)
    moment, newest_first = columns.moment, wanted.groups == (Group.DONE,)
    query = query.where(*_conditions(actor, wanted), columns.group.in_(wanted.groups))
    order = (moment.desc(), Task.id.desc()) if newest_first else (moment, Task.id)
    found = session.execute(
        query.where(*_beyond(moment, after, newest_first)).order_by(*order).limit(limit + 1)
    )
    lines = tuple(_line(row) for row in found)
    return lines[:limit], lines[limit - 1].key if len(lines) > limit else ""


def task_line(session: Session, actor: User, task_id: int, now: datetime) -> TaskLine:
    """One task of the actor's team. Raises NotFound."""
    query, _ = _lines(session, actor, now)
    row = session.execute(query.where(Task.id == task_id, *_team(actor))).first()
    if row is None:
        raise NotFound("This task is not there, or it belongs to another team.")
    return _line(row)


def counts(session: Session, actor: User, wanted: Wanted, now: datetime) -> Counts:
    """The numbers beside every group and type, in one query; type and group of `wanted` do not narrow them."""
    start, end = _day(session, actor, now)
    group = _group(now, start, end)
    ended_today = sa.and_(Task.ended_at >= now - TWO_DAYS, Task.ended_at >= start)
    rows = session.execute(
        sa.select(Task.kind, group, sa.func.count())
        .join(User, User.id == Task.assignee_id)
        .outerjoin(Message, Message.id == Task.message_id)
        .where(
            *_conditions(actor, replace(wanted, kind=None)), sa.or_(Task.state == TaskState.OPEN, ended_today)
        )
        .group_by(Task.kind, group)
    )
    found: dict[TaskKind, dict[Group, int]] = {}
    for kind, name, number in rows:
        if name is not None:
            found.setdefault(kind, {})[Group(name)] = number
    return Counts(found)


def task_with_mail(session: Session, message_id: int) -> Task | None:
    """The open task that this message is to complete."""
    return session.scalar(
        sa.select(Task).where(Task.message_id == message_id, Task.state == TaskState.OPEN).limit(1)
    )


def campaigns_with_tasks(session: Session, actor: User) -> Sequence[tuple[int, str]]:
    """(id, name) of the campaigns that have an open task in the team, by name."""
    query = (
        sa.select(Task.campaign_id, sa.func.max(Task.step_label))
        .where(*_team(actor), Task.state == TaskState.OPEN, Task.campaign_id.is_not(None))
        .group_by(Task.campaign_id)
    )
    named = [(id, label.rpartition(" · ")[0]) for id, label in session.execute(query) if id is not None]
    return sorted(named, key=lambda pair: pair[1].lower())


@dataclass(frozen=True)
class _Columns:
    moment: sa.ColumnElement[datetime]
    group: sa.ColumnElement[str]


def _lines(session: Session, actor: User, now: datetime) -> tuple[sa.Select[*tuple[Any, ...]], _Columns]:
    start, end = _day(session, actor, now)
    columns = _Columns(_moment(), _group(now, start, end))
    query = (
        sa.select(
            Task,
            Person,
            User,
            columns.moment.label("moment"),
            columns.group.label("group_name"),
            Message.state.label("mail"),
            first_cause().label("cause"),
        )
        .join(User, User.id == Task.assignee_id)
        .outerjoin(Person, Person.id == Task.person_id)
        .outerjoin(Address, Address.id == Person.address_id)
        .outerjoin(Message, Message.id == Task.message_id)
    )
    return query, columns


def _line(row: sa.Row[*tuple[Any, ...]]) -> TaskLine:
    person = row.Person
    return TaskLine(
        task=row.Task,
        person=person,
        assignee=row.User,
        moment=row.moment,
        group=Group(row.group_name or Group.DONE),
        mail=row.mail,
        cause=(row.cause or "") if person is not None else "",
    )


def _moment() -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(
        sa.case((Task.state == TaskState.OPEN, Message.due_at), else_=Task.ended_at),
        Task.snoozed_until,
        Task.due_at,
        type_=Task.due_at.type,
    )


def _group(
    now: datetime, start: sa.ColumnElement[datetime], end: sa.ColumnElement[datetime]
) -> sa.ColumnElement[str]:
    """The group of a row; null for what was cancelled with its campaign."""
    due = sa.func.coalesce(Task.snoozed_until, Task.due_at, type_=Task.due_at.type)
    return sa.case(
        (Task.state.in_([TaskState.COMPLETED, TaskState.SKIPPED]), sa.literal_column("'done'")),
        (Task.state != TaskState.OPEN, sa.null()),
        (Task.message_id.is_not(None), sa.literal_column("'upcoming'")),
        (Task.snoozed_until > now, sa.literal_column("'snoozed'")),
        (due < start, sa.literal_column("'overdue'")),
        (due < end, sa.literal_column("'today'")),
        else_=sa.literal_column("'upcoming'"),
    )


def _day(
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


def _team(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [Task.team_id == actor.team_id]


def _conditions(actor: User, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    exact = {
        Task.assignee_id: wanted.assignee_id,
        Task.kind: wanted.kind,
        Task.campaign_id: wanted.campaign_id,
        Task.priority: wanted.priority,
        Task.person_id: wanted.person_id,
    }
    return _team(actor) + [column == value for column, value in exact.items() if value is not None]


def _beyond(moment: sa.ColumnElement[datetime], after: str, backwards: bool) -> list[sa.ColumnElement[bool]]:
    """The rows after that key; a key that is none begins anew."""
    place = _place(after)
    if place is None:
        return []
    here = sa.tuple_(moment, Task.id)
    there = sa.tuple_(sa.literal(place[0], Task.due_at.type), sa.literal(place[1]))
    return [here < there if backwards else here > there]


def _place(key: str) -> tuple[datetime, int] | None:
    seconds, _, number = key.partition("~")
    try:
        return datetime.fromtimestamp(float(seconds), UTC), int(number)
    except (ValueError, OverflowError, OSError):
        return None
