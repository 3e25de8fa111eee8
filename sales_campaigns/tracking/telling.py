"""Events become lines of the Live Feed once it is clear whether people made them: a second later, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby, pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Message
from sales_campaigns.tracking.machines import AT_ONCE, OWN, SEVERAL
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
SHOWN = {EventKind.OPEN: "message.opened", EventKind.CLICK: "message.clicked"}
BY_MACHINES = {EventKind.OPEN: "message.machine_opened", EventKind.CLICK: "message.machine_clicked"}


def something_untold(uow: UnitOfWork) -> bool:
    """Whether `tell` has something to do."""
    return uow.session.scalar(sa.select(TrackingEvent.id).where(*_ripe(uow)).limit(1)) is not None


def tell(uow: UnitOfWork) -> int:
    """Tell what was noticed two seconds ago and more; how many events there were.

    The rules: all links within a second are a scanner's; known prefetchers and scanners are marked as machine events;
    the opener's own views while signed in do not count, so that nobody is told of them either.
    """
    events = uow.session.scalars(
        sa.select(TrackingEvent)
        .where(*_ripe(uow))
        .order_by(TrackingEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if not events:
        return 0
    for id in _at_once(uow.session, events, uow.people_seconds(AT_ONCE)):
        uow.session.get_one(TrackingEvent, id).machine = SEVERAL
    for event in events:
        event.told = True
    uow.session.flush()
    _record(uow, [event for event in events if event.machine != OWN and event.kind in SHOWN])
    return len(events)


def _ripe(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    return ~TrackingEvent.told, TrackingEvent.at <= uow.now - uow.people_seconds(2 * AT_ONCE)


def _at_once(session: Session, events: Sequence[TrackingEvent], within: timedelta) -> set[int]:
    """Clicks of people on different links of one mail, too close together for a hand."""
    mails = {event.message_id for event in events if event.kind is EventKind.CLICK}
    clicks = session.execute(
        sa.select(TrackingEvent.message_id, TrackingEvent.id, TrackingEvent.at, TrackingEvent.link)
        .where(
            TrackingEvent.message_id.in_(mails),
            TrackingEvent.kind == EventKind.CLICK,
            TrackingEvent.machine.in_(["", SEVERAL]),
        )
        .order_by(TrackingEvent.message_id, TrackingEvent.at, TrackingEvent.id)
    ).all()
    found: set[int] = set()
    for _, group in groupby(clicks, key=lambda row: row.message_id):
        mine = list(group)
        for one, other in pairwise(mine):
            if other.link != one.link and other.at - one.at <= within:
                found |= {one.id, other.id}
    return found


def _record(uow: UnitOfWork, events: Sequence[TrackingEvent]) -> None:
    mails = {
        row.id: row
        for row in uow.session.execute(
            sa.select(
                Message.id,
                Message.team_id,
                Message.person_id,
                Message.campaign_id,
                Message.enrollment_id,
            ).where(Message.id.in_({event.message_id for event in events}))
        )
    }
    for name in (*SHOWN.values(), *BY_MACHINES.values()):
        uow.record_many(
            name,
            [
                {
                    "team_id": mails[event.message_id].team_id,
                    "person_id": mails[event.message_id].person_id,
                    "campaign_id": mails[event.message_id].campaign_id,
                    "enrollment_id": mails[event.message_id].enrollment_id,
                    "message_id": event.message_id,
                    "data": _data(event),
                }
                for event in events
                if _name(event) == name
            ],
        )


def _name(event: TrackingEvent) -> str:
    return (BY_MACHINES if event.machine else SHOWN)[event.kind]


def _data(event: TrackingEvent) -> dict[str, object]:
    told = {"link": event.link, "machine": event.machine}
    return {name: value for name, value in told.items() if value}
