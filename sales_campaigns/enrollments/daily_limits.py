"""A mailbox sends so many campaign mails a day: what exceeds it moves to the next eligible day, and competes there."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.planner import later_day
from sales_campaigns.enrollments.ways import Due
from sales_campaigns.messages.models import Message, MessageState

NOT_COUNTED = (MessageState.CANCELLED, MessageState.EXPIRED)


@dataclass
class Quota:
    """What is left of one mailbox's days; days are local dates of the sender's zone."""

    session: Session
    mailbox_id: int
    limit: int
    zone: ZoneInfo
    moving: Collection[int] = ()  # messages that are being given another day, so they take no place yet
    taken: dict[date, int] = field(default_factory=dict)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def take(self, day: date) -> bool:
        """Take one place on this day, if one is left."""
        if day not in self.taken:
            self.taken[day] = self._counted(day)
        if self.taken[day] >= self.limit:
            return False
        self.taken[day] += 1
        return True

    def _counted(self, day: date) -> int:
        first = datetime.combine(day, time(0), self.zone)
        last = datetime.combine(day + timedelta(days=1), time(0), self.zone)
        return (
            self.session.scalar(
                sa.select(sa.func.count()).where(
                    Message.mailbox_id == self.mailbox_id,
                    Message.due_at >= first,
                    Message.due_at < last,
                    Message.campaign_id.is_not(None),
                    Message.state.not_in(NOT_COUNTED),
                    Message.id.not_in(self.moving),
                )
            )
            or 0
        )


def within_limits(session: Session, mails: Sequence[Due], moving: Collection[int] = ()) -> list[Due]:
    """The mails, those beyond a daily limit put off; `moving` are the messages of mails that had a day before.

    The rule: where a limit binds, the order is planned local date, later steps before first ones, instant, address.
    """
    quotas = _quotas(session, {due.way.enrollment.mailbox_id for due in mails}, moving)
    queue = [_place(quotas, number, due) for number, due in enumerate(mails)]
    heapq.heapify(queue)
    placed = []
    while queue:
        day, *_, number, due = heapq.heappop(queue)
        if quotas[due.way.enrollment.mailbox_id].take(day):
            placed.append(due)
            continue
        later = later_day(due.way.outline, due.way.start, due.planned, due.planned.local.date())
        heapq.heappush(queue, _place(quotas, number, replace(due, planned=later)))
    return placed


def _place(quotas: dict[int, Quota], number: int, due: Due) -> tuple[date, bool, datetime, str, int, Due]:
    enrollment = due.way.enrollment
    day = quotas[enrollment.mailbox_id].day_of(due.planned.at)
    return day, due.step.position == 0, due.planned.at, enrollment.email, number, due


def _quotas(session: Session, mailbox_ids: set[int], moving: Collection[int]) -> dict[int, Quota]:
    boxes = session.execute(
        sa.select(Mailbox.id, Mailbox.daily_limit, User.zone)
        .join(User, User.id == Mailbox.user_id)
        .where(Mailbox.id.in_(mailbox_ids))
    )
    return {id: Quota(session, id, max(limit, 1), ZoneInfo(zone), moving) for id, limit, zone in boxes}
