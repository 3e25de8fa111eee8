"""Hot people: who looked, followed a link or answered lately, the warmest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tracking.figures import LOOKING
from sales_campaigns.tracking.models import EventKind, TrackingEvent

DAYS = 7
FOR_A_REPLY, FOR_A_CLICK, FOR_AN_OPEN = 5, 3, 1
SENTENCE = (
    f"A reply counts {FOR_A_REPLY}, a click {FOR_A_CLICK}, an open {FOR_AN_OPEN}, in the last {DAYS} days; "
    "what machines did counts nothing."
)


@dataclass(frozen=True, slots=True)
class HotPerson:
    """What this person did in the last seven days, and when last."""

    person: Person
    score: int
    opens: int
    clicks: int
    replies: int
    last_at: datetime


def hot_people(session: Session, owner_id: int, now: datetime, limit: int = 5) -> list[HotPerson]:
    """Of the owner's people those with the highest score, who did something last before others; one query."""
    since = now - timedelta(days=DAYS)
    mine = sa.select(Person.id).where(Person.owner_id == owner_id, Person.deleted_at.is_(None))
    noticed, answered = _noticed(since), _answered(since)
    did = sa.union_all(
        noticed.where(Message.person_id.in_(mine)), answered.where(ReceivedMail.person_id.in_(mine))
    ).subquery()
    score = sa.func.sum(did.c.score)
    query = (
        sa.select(
            Person,
            score.label("score"),
            *(sa.func.sum(did.c[name]).label(name) for name in ("opens", "clicks", "replies")),
            sa.func.max(did.c.at).label("last_at"),
        )
        .join(did, did.c.person_id == Person.id)
        .group_by(Person.id)
        .order_by(score.desc(), sa.func.max(did.c.at).desc(), Person.id)
        .limit(limit)
    )
    return [
        HotPerson(row.Person, row.score, row.opens, row.clicks, row.replies, row.last_at)
        for row in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Looks:
    """How often somebody opened mail of ours, and followed its links."""

    opens: int
    clicks: int


def looks_of(session: Session, person_ids: Collection[int], since: datetime) -> dict[int, Looks]:
    """Person → what they did with our mails; who did nothing is not in it. One query, or none for nobody."""
    if not person_ids:
        return {}
    did = _noticed(since).where(Message.person_id.in_(person_ids)).subquery()
    opens, clicks = (sa.func.sum(did.c[name]) for name in ("opens", "clicks"))
    rows = session.execute(sa.select(did.c.person_id, opens, clicks).group_by(did.c.person_id))
    return {person_id: Looks(opened, clicked) for person_id, opened, clicked in rows}


def _noticed(since: datetime) -> sa.Select[int, datetime, int, int, int, int]:
    """What people did with mails; the rule: machines are left out, and so are mails whose tracking is off."""
    click = TrackingEvent.kind == EventKind.CLICK
    return (
        sa.select(
            Message.person_id.label("person_id"),
            TrackingEvent.at.label("at"),
            sa.case((click, FOR_A_CLICK), else_=FOR_AN_OPEN).label("score"),
            sa.case((click, 0), else_=1).label("opens"),
            sa.case((click, 1), else_=0).label("clicks"),
            sa.literal(0).label("replies"),
        )
        .join(Message, Message.id == TrackingEvent.message_id)
        .where(
            TrackingEvent.at >= since,
            TrackingEvent.machine == "",
            TrackingEvent.kind.in_((*LOOKING, EventKind.CLICK)),
            Message.archived_at.is_(None),
        )
    )


def _answered(since: datetime) -> sa.Select[int | None, datetime, int, int, int, int]:
    return sa.select(
        ReceivedMail.person_id,
        ReceivedMail.at,
        sa.literal(FOR_A_REPLY),
        sa.literal(0),
        sa.literal(0),
        sa.literal(1),
    ).where(ReceivedMail.kind == MailKind.REPLY, ReceivedMail.at >= since)
