"""Opens and clicks as figures: functions of the rows, distinct recipients, machines beside them and never in them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.models import EventKind, TrackingEvent

OPENING = (EventKind.OPEN, EventKind.CLICK, EventKind.MIRROR)
LOOKING = (EventKind.OPEN, EventKind.MIRROR)  # what is counted as an open by itself


@dataclass(frozen=True, slots=True)
class Engagement:
    """Distinct recipients of the delivered. `machine_opens` and `machine_clicks` count events that do not count."""

    opened: int = 0
    clicked: int = 0
    opted_out: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0


def engagement_of(session: Session, *which: sa.ColumnElement[bool]) -> Engagement:
    """Of the messages `which`, in one query. The rule: a click implies an open."""
    by_people = TrackingEvent.machine == ""
    kind = TrackingEvent.kind
    row = session.execute(
        sa.select(
            _recipients(sa.and_(by_people, kind.in_(OPENING))),
            _recipients(sa.and_(by_people, kind == EventKind.CLICK)),
            _recipients(kind == EventKind.OPT_OUT),
            _events(sa.and_(~by_people, kind == EventKind.OPEN)),
            _events(sa.and_(~by_people, kind == EventKind.CLICK)),
        )
        .select_from(TrackingEvent)
        .join(Message, Message.id == TrackingEvent.message_id)
        .where(Message.state.in_(LEFT), ~Message.proof, *which)
    ).one()
    return Engagement(*row)


def _recipients(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, Message.email))))


def _events(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, TrackingEvent.id)))
