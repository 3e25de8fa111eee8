"""How a mail stands in the daily limit of its mailbox: what the day it was put off from held, and its place now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import limit_on
from sales_campaigns.enrollments.daily_limits import NOT_COUNTED, RAMP
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.messages.models import Message


@dataclass(frozen=True, slots=True)
class DayPlaces:
    """`used` of `limit` places are taken on `day`, a local date of the sender; `place` is this mail's own, from 1."""

    day: date
    used: int
    limit: int
    place: int

    @property
    def words(self) -> str:
        return f"place {self.place} of the {self.limit:,} on {_words(self.day)}"


def limit_words(session: Session, run: StepRun, message: Message) -> str:
    """ "50 of 50 on Mon 30 Nov, now place 3 of the 50 on Tue 1 Dec"; two queries at most."""
    moved = [datetime.fromisoformat(move["from"]) for move in run.moved if move["why"] == "limit"]
    here = _places(session, message, message.due_at)
    if not moved:
        return here.words
    full = _places(session, message, moved[0])
    return f"{full.used:,} of {full.limit:,} on {_words(full.day)}, now {here.words}"


def _places(session: Session, message: Message, at: datetime) -> DayPlaces:
    box = session.execute(
        sa.select(Mailbox.daily_limit, User.zone, *RAMP)
        .join(User, User.id == Mailbox.user_id)
        .where(Mailbox.id == message.mailbox_id)
    ).one()
    zone = ZoneInfo(box.zone)
    day = at.astimezone(zone).date()
    first, last = (datetime.combine(one, time(0), zone) for one in (day, day + timedelta(days=1)))
    before = sa.or_(
        Message.due_at < message.due_at, sa.and_(Message.due_at == message.due_at, Message.id <= message.id)
    )
    used, place = session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.case((before, Message.id))))
        .select_from(Message)
        .join(StepRun, StepRun.message_id == Message.id)
        .where(Message.mailbox_id == message.mailbox_id, Message.due_at >= first, Message.due_at < last)
        .where(~StepRun.is_task, Message.state.not_in(NOT_COUNTED))
    ).one()
    return DayPlaces(day, used, limit_on(box, box.daily_limit, day), place)


def _words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
