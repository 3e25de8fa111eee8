"""What must always be true of the outbox, asked of the rows every minute. A finding is a defect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import IN_FLIGHT

GRACE = timedelta(minutes=1)  # recovery looks every few seconds
_LONG_AGO = sa.bindparam("long_ago", type_=Message.lease_until.type)


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that does not hold: its name for a metric, the number of `what` (one, many), words and what to do."""

    name: str
    count: int
    words: str
    fix: str
    what: tuple[str, str] = ("mail", "mails")


@dataclass(frozen=True, slots=True)
class Promise:
    """`broken` is a condition on messages in hand; `words` say what is wrong, `fix` what to do."""

    name: str
    words: str
    fix: str
    broken: sa.ColumnElement[bool]


PROMISES: tuple[Promise, ...] = (
    Promise(
        "in_hand_past_lease",
        "in hand for longer than a process may, which no scheduler takes back",
        "Start the scheduler again: within seconds it takes back what is in hand of nobody.",
        Message.lease_until < _LONG_AGO,
    ),
    Promise(
        "in_hand_of_nobody",
        "in hand of no process, which nothing would ever take back",
        "This is a defect: report it with the log. Nothing of it leaves meanwhile.",
        sa.or_(Message.lease_until.is_(None), Message.owner.is_(None)),
    ),
    Promise(
        "begun_without_a_name",
        "being handed over without a Message-ID, so that nobody could find out what became of it",
        "This is a defect: report it with the log, and look among the sent mails of the mailbox.",
        sa.and_(Message.state == MessageState.SENDING, Message.message_id.is_(None)),
    ),
)


# Built once: putting it together takes longer than running it.
_COUNTS = sa.select(*(sa.func.count(sa.case((promise.broken, 1))) for promise in PROMISES)).where(
    Message.state.in_(IN_FLIGHT)
)


def findings(session: Session, now: datetime) -> list[Finding]:
    """One query over what is in hand, which the index of leases answers. `now` is machine time."""
    counts = session.execute(_COUNTS, {"long_ago": now - GRACE}).one()
    return [
        Finding(promise.name, count, promise.words, promise.fix)
        for promise, count in zip(PROMISES, counts, strict=True)
        if count
    ]
