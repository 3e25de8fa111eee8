"""The Command Center's list: overdue, today, upcoming, snoozed, done, each judged in the assignee's zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, MailboxDraftState
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import SENTENCES, first_cause
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.wanted import (
    ENDED,
    TWO_DAYS,
    Group,
    Wanted,
    conditions,
    due_now,
    group_at,
    is_open,
    own_team,
    today,
)

PAGE = 50


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One row: `moment` is when it is due now (after a snooze, or when its mail leaves, or when it ended).

    `zone` is the assignee's, `mail` the state of the message that is to complete it, `cause` why the person
    must not be mailed. `draft` is how the draft of its mail stands in the rep's mailbox.
    """

    task: Task
    person: Person | None
    assignee: User
    moment: datetime
    group: Group
    mail: MessageState | None = None
    cause: str = ""
    draft: MailboxDraftState | None = None

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
    columns = _columns(session, actor, now, wanted.groups)
    newest_first = wanted.groups == (Group.DONE,)
    order = (columns.moment.desc(), Task.id.desc()) if newest_first else (columns.moment, Task.id)
    chosen = _matching(actor, wanted, columns).where(*_beyond(columns.moment, after, newest_first))
    # The page is chosen first, so that what a row shows besides is looked up for its rows only.
    page = chosen.order_by(*order).limit(limit + 1).subquery()
    query = _lines(page.c.moment, page.c.group_name).join(page, page.c.id == Task.id)
    beside = (page.c.moment.desc(), page.c.id.desc()) if newest_first else (page.c.moment, page.c.id)
    lines = tuple(_line(row) for row in session.execute(query.order_by(*beside)))
    return lines[:limit], lines[limit - 1].key if len(lines) > limit else ""


def task_line(session: Session, actor: User, task_id: int, now: datetime) -> TaskLine:
    """One task of the actor's team. Raises NotFound."""
    columns = _columns(session, actor, now)
    row = session.execute(
        _lines(columns.moment, columns.group).where(Task.id == task_id, *own_team(actor))
    ).first()
    if row is None:
        raise NotFound("This task is not there, or it belongs to another team.")
    return _line(row)


def counts(session: Session, actor: User, wanted: Wanted, now: datetime) -> Counts:
    """The numbers beside every group and type, in one query; type and group of `wanted` do not narrow them."""
    start, end = today(session, actor, now)
    mine = conditions(actor, replace(wanted, kind=None))
    group = group_at(now, start, end).label("group_name")
    number = sa.func.count().label("number")
    standing = sa.select(Task.kind, group, number).join(User, User.id == Task.assignee_id)
    done: sa.Select[Any, Any, Any] = sa.select(
        Task.kind, sa.literal_column("'done'").label("group_name"), number
    )
    ended = [Task.state.in_(ENDED), Task.ended_at >= now - TWO_DAYS, Task.ended_at >= start]
    # Two halves, so that each may use its own index.
    halves = sa.union_all(
        standing.where(*mine, is_open()).group_by(Task.kind, group),
        done.join(User, User.id == Task.assignee_id).where(*mine, *ended).group_by(Task.kind),
    ).subquery()
    found: dict[TaskKind, dict[Group, int]] = {}
    for row in session.execute(sa.select(halves)):
        found.setdefault(row.kind, {})[Group(row.group_name)] = row.number
    return Counts(found)


def matching_ids(session: Session, actor: User, wanted: Wanted, now: datetime, limit: int) -> list[int]:
    """The ids of all that the list shows on whatever page; at most `limit`."""
    columns = _columns(session, actor, now, wanted.groups)
    query = _matching(actor, wanted, columns).with_only_columns(Task.id)
    return list(session.scalars(query.order_by(Task.id).limit(limit)))


def visible_ids(session: Session, actor: User, ids: Iterable[int]) -> list[int]:
    """Those of these ids that are tasks of the actor's team."""
    return list(session.scalars(sa.select(Task.id).where(Task.id.in_(list(ids)), *own_team(actor))))


def outcome_counts(session: Session, actor: User, wanted: Wanted, since: datetime) -> dict[str, int]:
    """Outcome → how many tasks have ended with it since then; the outcome of `wanted` does not narrow them."""
    query = (
        sa.select(Task.outcome, sa.func.count().label("number"))
        .where(*conditions(actor, replace(wanted, outcome=None)), Task.ended_at >= since, Task.outcome != "")
        .group_by(Task.outcome)
        .order_by(sa.func.count().desc(), Task.outcome)
    )
    return {row.outcome: row.number for row in session.execute(query)}


def task_with_mail(session: Session, message_id: int) -> Task | None:
    """The open task that this message is to complete."""
    return session.scalar(
        sa.select(Task).where(Task.message_id == message_id, Task.state == TaskState.OPEN).limit(1)
    )


@dataclass(frozen=True)
class _Columns:
    moment: sa.ColumnElement[datetime]
    group: sa.ColumnElement[str]


def _columns(session: Session, actor: User, now: datetime, groups: tuple[Group, ...] = ()) -> _Columns:
    return _Columns(_moment(groups), group_at(now, *today(session, actor, now)))


def _matching(actor: User, wanted: Wanted, columns: _Columns) -> sa.Select[*tuple[Any, ...]]:
    """Ids, with where each task stands; what of its state is certain is said so that an index can be used."""
    group = columns.group.label("group_name")
    done = Group.DONE in wanted.groups
    certain = [] if done and len(wanted.groups) > 1 else [Task.state.in_(ENDED) if done else is_open()]
    return (
        sa.select(Task.id, columns.moment.label("moment"), group)
        .join(User, User.id == Task.assignee_id)
        .outerjoin(Message, Message.id == Task.message_id)
        .where(*conditions(actor, wanted), *certain, columns.group.in_(wanted.groups))
    )


def _lines(moment: sa.ColumnElement[datetime], group: sa.ColumnElement[str]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Task,
            Person,
            User,
            moment.label("moment"),
            group.label("group_name"),
            Message.state.label("mail"),
            first_cause().label("cause"),
            _draft().label("draft"),
        )
        .join(User, User.id == Task.assignee_id)
        .outerjoin(Person, Person.id == Task.person_id)
        .outerjoin(Address, Address.id == Person.address_id)
        .outerjoin(Message, Message.id == Task.message_id)
    )


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
        draft=row.draft,
    )


def _draft() -> sa.ScalarSelect[MailboxDraftState]:
    """The state of its newest draft in a mailbox; one that was taken away tells nothing."""
    told = (MailboxDraft.task_id == Task.id, MailboxDraft.state != MailboxDraftState.REMOVED)
    newest = sa.select(MailboxDraft.state).where(*told).order_by(MailboxDraft.id.desc()).limit(1)
    return newest.correlate(Task).scalar_subquery()


def _moment(groups: tuple[Group, ...] = ()) -> sa.ColumnElement[datetime]:
    """When a task is due now, its mail leaves, or it ended; where the groups leave one of these, only that one."""
    if groups == (Group.DONE,):
        return sa.type_coerce(Task.ended_at, Task.due_at.type)
    if groups and Group.DONE not in groups and Group.UPCOMING not in groups:
        return due_now()
    return sa.func.coalesce(
        sa.case((Task.state == TaskState.OPEN, Message.due_at), else_=Task.ended_at),
        due_now(),
        type_=Task.due_at.type,
    )


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
