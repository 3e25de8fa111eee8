"""Which mails wait and why, in groups: the database sorts them, and the gates of the first of each group say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.explaining.mail_gates import HOLDS
from sales_campaigns.messages.explaining.mail_traces import chosen_time, mail_trace
from sales_campaigns.messages.explaining.sendings import sendings_of
from sales_campaigns.messages.explaining.trace import Trace
from sales_campaigns.messages.holds import HOLDERS, INSTANCE
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.messages.states import WAITING
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import suppressed


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Mails of one mailbox that wait for the same reason. `oldest` is the earliest instant one of them was due."""

    mailbox_id: int
    reason: str
    count: int
    oldest: datetime
    trace: Trace

    @property
    def broken(self) -> bool:
        """Whether something is out of order that people must put right."""
        return self.trace.binding is not None and self.trace.binding.broken


def waiting_groups(
    session: Session, now: datetime, speed: float = 1.0, *, sender_id: int | None = None
) -> list[WaitingGroup]:
    """What waits for more than its own time, by mailbox and reason; the same queries however many mails there are."""
    rows = session.execute(_grouped(now, sender_id)).all()
    firsts = session.scalars(sa.select(Message).where(Message.id.in_([row.first for row in rows]))).all()
    traces = traces_of(session, firsts, now, speed)
    return [
        WaitingGroup(row.mailbox_id, row.reason, row.number, row.oldest, traces[row.first]) for row in rows
    ]


def traces_of(
    session: Session, messages: Sequence[Message], now: datetime, speed: float = 1.0
) -> dict[int, Trace]:
    """Message → its trace, without the campaign's reasons for its instant."""
    sendings = sendings_of(session, messages, now, speed)
    return {
        one.id: mail_trace(one, sendings[one.id], [chosen_time(one, sendings[one.id])]) for one in messages
    }


def _grouped(now: datetime, sender_id: int | None) -> sa.Select[tuple[int, str, int, datetime, int]]:
    why = _reason(now).label("reason")
    waits = (
        sa.select(Message.id, Message.mailbox_id, Message.due_at, why)
        .join(Mailbox, Mailbox.id == Message.mailbox_id)
        .join(User, User.id == Message.sender_id)
        .join(Person, Person.id == Message.person_id)
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Message.state.in_(WAITING))
    )
    if sender_id is not None:
        waits = waits.where(Message.sender_id == sender_id)
    rows = waits.subquery()
    return (
        sa.select(
            rows.c.mailbox_id,
            rows.c.reason,
            sa.func.count().label("number"),
            sa.func.min(rows.c.due_at).label("oldest"),
            sa.func.min(rows.c.id).label("first"),
        )
        .where(rows.c.reason != "time")
        .group_by(rows.c.mailbox_id, rows.c.reason)
        .order_by(rows.c.mailbox_id, rows.c.reason)
    )


def _reason(now: datetime) -> sa.ColumnElement[str]:
    """The order of the gates, as one expression. It only groups: what is told comes from the gates themselves."""
    kinds = [kind for kind in HOLDS if kind == INSTANCE[0] or kind in HOLDERS]
    return sa.case(
        *((_held(kind), kind) for kind in kinds),
        (~User.active, "sender_gone"),
        (Mailbox.state != MailboxState.CONNECTED, "mailbox_lost"),
        (suppressed(), "suppression"),
        (sa.and_(Mailbox.paused_until > machine_now(), Message.act_at <= now), "mailbox_waits"),
        (sa.and_(Message.state == MessageState.RETRYING, Message.act_at > now), "retry"),
        (Message.act_at > now, "time"),
        else_="turn",
    )


def _held(kind: str) -> sa.ColumnElement[bool]:
    """A condition on Message: its hold of this kind is stopped."""
    key = sa.literal(INSTANCE[1]) if kind == INSTANCE[0] else getattr(Message, HOLDERS[kind])
    return sa.exists().where(Hold.kind == kind, Hold.key == key, Hold.stopped).correlate(Message)
