"""How the installation is: who keeps time, how late it is, what each mailbox has to send, and what holds it up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.enrollments.opening import on_the_way
from sales_campaigns.messages.explaining.waiting import WaitingGroup, waiting_groups
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import IN_FLIGHT, WAITING
from sales_campaigns.presence import Presence, everybody

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Queue:
    """One mailbox: what waits for its time, is due, is tried again, is being handed over, or nobody knows about.

    `groups` are those that wait for more than their own time, each with its reason.
    """

    mailbox: Mailbox
    owner: str
    ahead: int
    due: int
    retrying: int
    in_flight: int
    uncertain: int
    groups: tuple[WaitingGroup, ...] = ()

    @property
    def broken(self) -> list[WaitingGroup]:
        return [group for group in self.groups if group.broken]


@dataclass(frozen=True, slots=True)
class Health:
    """`lags` say for each kind of work how long the oldest that may be done is due; zero where nothing is."""

    processes: tuple[Presence, ...]
    lags: dict[str, timedelta]
    reactions: int
    queues: tuple[Queue, ...]

    @property
    def keeps_time(self) -> bool:
        return any(one.kind == "scheduler" and one.alive for one in self.processes)

    @property
    def uncertain(self) -> int:
        return sum(queue.uncertain for queue in self.queues)

    @property
    def retrying(self) -> int:
        return sum(queue.retrying for queue in self.queues)


def health_of(session: Session, now: datetime, speed: float = 1.0) -> Health:
    """The same number of queries however much there is to do."""
    groups = waiting_groups(session, now, speed)
    reactions, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Activity.at)).where(
            Activity.awaited, Activity.reacted_at.is_(None)
        )
    ).one()
    turns = [group.oldest for group in groups if group.reason == "turn"]
    lags = {
        "mail": _since(min(turns, default=None), now),
        "tasks": _since(_oldest_opening(session, now), now),
        "reactions": _since(oldest, now),
    }
    return Health(tuple(everybody(session)), lags, reactions, _queues(session, now, groups))


def _since(oldest: datetime | None, now: datetime) -> timedelta:
    return NOTHING if oldest is None else max(now - oldest, NOTHING)


def _oldest_opening(session: Session, now: datetime) -> datetime | None:
    due = (StepRun.state == StepRunState.PLANNED, StepRun.due_at <= now, on_the_way())
    return session.scalar(sa.select(sa.func.min(StepRun.due_at)).where(*due))


def _queues(session: Session, now: datetime, groups: list[WaitingGroup]) -> tuple[Queue, ...]:
    by_box: dict[int, list[WaitingGroup]] = defaultdict(list)
    for group in groups:
        by_box[group.mailbox_id].append(group)
    conditions = _conditions(now)
    counted = (
        sa.select(Message.mailbox_id, *(sa.func.count(sa.case((one, 1))).label(n) for n, one in conditions))
        .where(Message.state.in_(WAITING | IN_FLIGHT | {MessageState.UNCERTAIN}))
        .group_by(Message.mailbox_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Mailbox, User, *(sa.func.coalesce(counted.c[n], 0).label(n) for n, _ in conditions))
        .join(User, User.id == Mailbox.user_id)
        .outerjoin(counted, counted.c.mailbox_id == Mailbox.id)
        .options(lazyload(Mailbox.user), lazyload(User.team))
        .order_by(Mailbox.address)
    )
    names = [name for name, _ in conditions]
    return tuple(_queue(row, names, by_box[row.Mailbox.id]) for row in rows)


def _queue(row: sa.Row[Any], numbers: list[str], groups: list[WaitingGroup]) -> Queue:
    counted = {name: row._mapping[name] for name in numbers}
    return Queue(mailbox=row.Mailbox, owner=row.User.name, groups=tuple(groups), **counted)


def _conditions(now: datetime) -> list[tuple[str, sa.ColumnElement[bool]]]:
    """By the fields of Queue."""
    pending = Message.state == MessageState.PENDING
    return [
        ("ahead", sa.and_(pending, Message.act_at > now)),
        ("due", sa.and_(pending, Message.act_at <= now)),
        ("retrying", Message.state == MessageState.RETRYING),
        ("in_flight", Message.state.in_(IN_FLIGHT)),
        ("uncertain", Message.state == MessageState.UNCERTAIN),
    ]
