"""Opens and clicks as figures: functions of the rows, distinct recipients, machines beside them and never in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.models import EventKind, TrackingEvent

OPENING = (EventKind.OPEN, EventKind.CLICK, EventKind.MIRROR)
LOOKING = (EventKind.OPEN, EventKind.MIRROR)  # what is counted as an open by itself


@dataclass(frozen=True, slots=True)
class Engagement:
    """Distinct recipients of the delivered. `machine_opens` and `machine_clicks` count events that do not count.

    The rule: auto-replies are no replies.
    """

    opened: int = 0
    clicked: int = 0
    opted_out: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0
    replied: int = 0


def engagement_of(session: Session, *which: sa.ColumnElement[bool]) -> Engagement:
    """Of the messages `which`, in two queries. The rule: a click implies an open."""
    return engagement_by(session, sa.literal(0), *which).get(0, Engagement())


def engagement_by(
    session: Session, by: sa.ColumnElement[Any] | Any, *which: sa.ColumnElement[bool]
) -> dict[Any, Engagement]:
    """Value of the column `by` of Message → what was noticed of those of the messages `which` that have it."""
    noticed = {key: Engagement(*figures) for key, *figures in session.execute(_noticed(by, *which))}
    replied = {key: people for key, people in session.execute(_replied(by, *which))}  # noqa: C416
    return {
        key: replace(noticed.get(key, Engagement()), replied=replied.get(key, 0))
        for key in noticed.keys() | replied.keys()
    }


def _noticed(by: Any, *which: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    by_people = TrackingEvent.machine == ""
    kind = TrackingEvent.kind
    return (
        sa.select(
            by.label("key"),
            _recipients(sa.and_(by_people, kind.in_(OPENING))),
            _recipients(sa.and_(by_people, kind == EventKind.CLICK)),
            _recipients(kind == EventKind.OPT_OUT),
            _events(sa.and_(~by_people, kind == EventKind.OPEN)),
            _events(sa.and_(~by_people, kind == EventKind.CLICK)),
        )
        .select_from(TrackingEvent)
        .join(Message, Message.id == TrackingEvent.message_id)
        .where(Message.state.in_(LEFT), ~Message.proof, *which)
        .group_by(by)
    )


def _replied(by: Any, *which: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(by.label("key"), sa.func.count(sa.distinct(Message.email)))
        .select_from(ReceivedMail)
        .join(Message, Message.id == ReceivedMail.answers_id)
        .where(ReceivedMail.kind == MailKind.REPLY, Message.state.in_(LEFT), ~Message.proof, *which)
        .group_by(by)
    )


def _recipients(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, Message.email))))


def _events(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, TrackingEvent.id)))
