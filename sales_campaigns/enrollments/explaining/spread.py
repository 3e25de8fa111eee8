"""The mails of a campaign by who sent them, and by weekday and hour at the person's place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.enrollments.explaining.marks import TOTAL, UNIQUE, with_marks
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.messages.feedback.fates import Fate, fate_of
from sales_campaigns.messages.models import Message

Hour = tuple[int, int]
MARKS = (*UNIQUE, *TOTAL)
DELIVERED = sa.case((fate_of() == Fate.SENT.value, Message.id))


@dataclass(frozen=True, slots=True)
class RepFigures:
    """What one rep sent in this campaign: `people` were written to, the figures count their mails."""

    name: str
    people: int
    funnel: Funnel


def by_rep(session: Session, campaign: Campaign) -> list[RepFigures]:
    """By name; one query."""
    query = (
        sa.select(
            User.first_name,
            User.last_name,
            User.email,
            sa.func.count(sa.distinct(StepRun.enrollment_id)).label("people"),
            *_sent(),
        )
        .select_from(StepRun)
        .join(Message, Message.id == StepRun.message_id)
        .join(User, User.id == Message.sender_id)
        .where(Message.campaign_id == campaign.id, StepRun.state != R.CANCELLED, StepRun.sent_at.is_not(None))
        .group_by(User.id, User.first_name, User.last_name, User.email)
        .order_by(User.first_name, User.last_name, User.id)
    )
    return [
        RepFigures(f"{row.first_name} {row.last_name}".strip() or row.email, row.people, funnel_of(row))
        for row in session.execute(with_marks(query, campaign))
    ]


def by_hour(session: Session, campaign: Campaign) -> Mapping[Hour, Funnel]:
    """(weekday from 0 for Monday, hour) → what became of the mails due then.

    Few groups, because many mails are due at once.
    """
    query = (
        sa.select(Message.zone, Message.due_at, *_sent())
        .select_from(StepRun)
        .join(Message, Message.id == StepRun.message_id)
        .where(Message.campaign_id == campaign.id)
        .group_by(Message.zone, Message.due_at)
    )
    found: dict[Hour, Funnel] = defaultdict(Funnel)
    for row in session.execute(with_marks(query, campaign)):
        local = wall_clock(row.due_at, row.zone)
        found[local.weekday(), local.hour] += funnel_of(row)
    return found


def funnel_of(row: Any, **more: int) -> Funnel:
    """From a row with the columns `sent`, `delivered` and the marks; `more` are figures that the row has not."""
    marks = {name: int(getattr(row, name)) for name in MARKS}
    return Funnel(sent=row.sent, delivered=row.delivered, **marks, **more)


def _sent() -> tuple[sa.ColumnElement[int], ...]:
    return sa.func.count(StepRun.sent_at).label("sent"), sa.func.count(DELIVERED).label("delivered")
