"""What became of each mail of a campaign after it arrived, one row a mail: counted from by step, by rep, by hour.

The rule: opens and clicks are distinct recipients of the delivered, and a click implies an open. Machines stand beside.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.figures import LOOKING, OPENING
from sales_campaigns.tracking.models import EventKind, TrackingEvent

REPLY = "reply.received"
UNIQUE = ("opened", "clicked", "opted_out", "replied")
TOTAL = ("opens", "clicks", "replies", "machine_opens", "machine_clicks")


def with_marks(query: sa.Select[*tuple[Any, ...]], campaign: Campaign) -> sa.Select[*tuple[Any, ...]]:
    """The query, which selects from Message, with the sums of UNIQUE and TOTAL behind its columns."""
    noticed, answered = _noticed(campaign), _answered(campaign)
    columns = {**dict(noticed.c), **dict(answered.c)}
    sums = (sa.func.coalesce(sa.func.sum(columns[name]), 0).label(name) for name in (*UNIQUE, *TOTAL))
    return (
        query.add_columns(*sums)
        .outerjoin(noticed, noticed.c.noticed_id == Message.id)
        .outerjoin(answered, answered.c.answered_id == Message.id)
    )


def _noticed(campaign: Campaign) -> sa.Subquery:
    """Of each mail that arrived: 1 where a person did it, and how often."""
    human, kind = TrackingEvent.machine == "", TrackingEvent.kind
    opening, click = sa.and_(human, kind.in_(OPENING)), sa.and_(human, kind == EventKind.CLICK)
    return (
        sa.select(
            TrackingEvent.message_id.label("noticed_id"),
            _ever(opening).label("opened"),
            _ever(click).label("clicked"),
            _ever(kind == EventKind.OPT_OUT).label("opted_out"),
            _often(sa.and_(human, kind.in_(LOOKING))).label("opens"),
            _often(click).label("clicks"),
            _often(sa.and_(~human, kind == EventKind.OPEN)).label("machine_opens"),
            _often(sa.and_(~human, kind == EventKind.CLICK)).label("machine_clicks"),
        )
        .join(Message, Message.id == TrackingEvent.message_id)
        .where(Message.campaign_id == campaign.id, Message.state.in_(LEFT))
        .group_by(TrackingEvent.message_id)
        .subquery()
    )


def _answered(campaign: Campaign) -> sa.Subquery:
    return (
        sa.select(
            Activity.message_id.label("answered_id"),
            sa.literal(1).label("replied"),
            sa.func.count().label("replies"),
        )
        .where(Activity.campaign_id == campaign.id, Activity.kind == REPLY, Activity.message_id.is_not(None))
        .group_by(Activity.message_id)
        .subquery()
    )


def _ever(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.max(sa.case((condition, 1), else_=0))


def _often(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, TrackingEvent.id)))
