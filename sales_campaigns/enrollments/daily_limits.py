"""A mailbox sends so many campaign mails a day: what exceeds it moves to the next eligible day, and competes there.

Only what leaves by itself counts: a mail that a rep sends from a task is the rep's own choice.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import Ramped, limit_on
from sales_campaigns.campaigns.planner import Places, Planned, Seeker, find_places, later_day
from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.enrollments.pressure import without_pressure
from sales_campaigns.enrollments.ways import Due, ways_of
from sales_campaigns.messages.models import Message, MessageState

RAMP = (Mailbox.ramp_first, Mailbox.ramp_percent, Mailbox.ramp_most, Mailbox.ramp_begins)
NOT_COUNTED = (MessageState.CANCELLED, MessageState.EXPIRED)


@dataclass(slots=True, eq=False)
class Mail(Seeker):
    """A mail that is ready, or one that waits already and may have to wait longer."""

    due: Due


@dataclass(slots=True)
class Quota:
    """The days of one mailbox: local dates of the sender's zone."""

    session: Session
    mailbox_id: int
    box: Ramped
    limit: int
    zone: ZoneInfo
    now: datetime
    coming: int
    moving: Collection[int]  # messages that are being given another day, so they take no place yet
    days: dict[date, Places[Mail]] = field(default_factory=dict)

    def day_of(self, mail: Mail) -> Places[Mail]:
        day = mail.entry.at.astimezone(self.zone).date()
        if day not in self.days:
            self.days[day] = self._places(day)
        return self.days[day]

    def _places(self, day: date) -> Places[Mail]:
        """Who waits on that day is only read where it may fill up."""
        first = datetime.combine(day, time(0), self.zone)
        last = datetime.combine(day + timedelta(days=1), time(0), self.zone)
        mine = (
            Message.mailbox_id == self.mailbox_id,
            Message.due_at >= first,
            Message.due_at < last,
            Message.id.not_in(self.moving),
        )
        places = Places[Mail](limit_on(self.box, self.limit, day), self._count(*mine))
        if places.taken + self.coming > places.limit:
            for mail in self._waiting(*mine):
                insort(places.waiting, (mail.rank, mail))
        return places

    def _count(self, *mine: sa.ColumnElement[bool]) -> int:
        query = (
            sa.select(sa.func.count())
            .select_from(Message)
            .join(StepRun, StepRun.message_id == Message.id)
            .where(*mine, ~StepRun.is_task, Message.state.not_in(NOT_COUNTED))
        )
        return self.session.scalar(query) or 0

    def _waiting(self, *mine: sa.ColumnElement[bool]) -> Iterable[Mail]:
        """Those whose instant is still to come."""
        query = (
            sa.select(StepRun)
            .join(Message, Message.id == StepRun.message_id)
            .where(*mine, StepRun.state == StepRunState.SCHEDULED)
            .where(Message.state == MessageState.PENDING, Message.due_at > self.now)
        )
        runs = {run.id: run for run in self.session.scalars(query)}
        for way in ways_of(self.session, [run.enrollment_id for run in runs.values()]):
            for planned in way.ahead():
                step = way.steps[planned.index]
                run = way.runs.get(step.key)
                if run is not None and run.id in runs:
                    yield _mail(Due(way, step, replace(planned, at=run.due_at)))


def take_turns(session: Session, mails: Iterable[Due]) -> None:
    """Two that compete for the last place of a mailbox wait for each other, until this transaction ends."""
    lock_mailboxes(session, {due.way.enrollment.mailbox_id for due in mails})


def lock_mailboxes(session: Session, ids: Collection[int]) -> None:
    session.execute(
        sa.select(Mailbox.id)
        .where(Mailbox.id.in_(ids))
        .order_by(Mailbox.id)
        .with_for_update(of=Mailbox, key_share=True)
    )


def within_limits(
    session: Session, ready: Sequence[Due], now: datetime, moving: Collection[int] = ()
) -> list[Due]:
    """The mails, those beyond a daily limit put off, and with them the waiting ones that they push to a later day.

    `moving` are the messages of those among them that had a day before.
    """
    ready = without_pressure(session, ready, moving)
    quotas = _quotas(session, ready, now, moving)
    changed = find_places(
        [_mail(due) for due in ready],
        lambda mail: quotas[mail.due.way.enrollment.mailbox_id].day_of(mail),
        _put_off,
        now,
    )
    return [replace(mail.due, planned=mail.entry) for mail in changed]


def _mail(due: Due) -> Mail:
    return Mail(due.way.enrollment.email, due.planned, due.planned, due)


def _put_off(mail: Mail) -> Planned:
    way = mail.due.way
    return later_day(way.outline, way.start, mail.own, mail.entry.local.date())


def _quotas(
    session: Session, ready: Sequence[Due], now: datetime, moving: Collection[int]
) -> dict[int, Quota]:
    ids = {due.way.enrollment.mailbox_id for due in ready}
    boxes = session.execute(
        sa.select(Mailbox.id, Mailbox.daily_limit, User.zone, *RAMP)
        .join(User, User.id == Mailbox.user_id)
        .where(Mailbox.id.in_(ids))
    )
    return {
        box.id: Quota(session, box.id, box, box.daily_limit, ZoneInfo(box.zone), now, len(ready), moving)
        for box in boxes
    }
