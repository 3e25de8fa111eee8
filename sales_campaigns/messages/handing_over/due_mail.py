"""Who has mail to send, and when the next comes due: what the scheduler asks over and over, mostly in vain.

Each question is one statement that is built once, and looks at one entry of an index for each mailbox.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.holds import nothing_holds
from sales_campaigns.messages.models import DUE, Message

_WAITS = sa.text(f"message.{DUE}")  # as the index says it, which is found for nothing else
_NOW = sa.bindparam("now", type_=Message.act_at.type)
_UNTIL = sa.bindparam("until", type_=Message.act_at.type)
_OPEN = sa.and_(
    Mailbox.state == MailboxState.CONNECTED,
    sa.or_(
        Mailbox.paused_until.is_(None),
        Mailbox.paused_until <= sa.bindparam("real_now", type_=Mailbox.paused_until.type),
    ),
)


def is_open(box: Mailbox) -> bool:
    """Whether it may send now: the same of one row."""
    return box.state is MailboxState.CONNECTED and box.waits_until is None


_DUE_BOXES = (
    sa.select(Mailbox.id)
    .where(
        _OPEN,
        sa.exists()
        .where(Message.mailbox_id == Mailbox.id, _WAITS, Message.act_at <= _NOW, nothing_holds())
        .correlate(Mailbox),
    )
    .order_by(Mailbox.id)
)

_NEXT_OF_BOX = (
    sa.select(Message.act_at)
    .where(Message.mailbox_id == Mailbox.id, _WAITS, Message.act_at > _NOW, Message.act_at <= _UNTIL)
    .order_by(Message.act_at)
    .limit(1)
    .correlate(Mailbox)
    .scalar_subquery()
)
_NEXT = sa.select(sa.func.min(_NEXT_OF_BOX, type_=Message.act_at.type)).where(_OPEN)


def mailboxes_with_due_mail(session: Session, now: datetime) -> list[int]:
    """The mailboxes that have something to send now and may send: one row each, however long their queue."""
    return list(session.scalars(_DUE_BOXES, {"now": now, "real_now": machine_now()}))


def next_due(session: Session, now: datetime, until: datetime) -> datetime | None:
    """The first instant behind `now` and not behind `until` at which mail of an open mailbox may be taken.

    Whether a hold stops it is not asked: to look once in vain is cheaper.
    """
    return session.scalar(_NEXT, {"now": now, "until": until, "real_now": machine_now()})


def next_act(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some message may be taken, however far away."""
    return session.scalar(
        sa.select(sa.func.min(Message.act_at)).where(_WAITS, Message.act_at > after, nothing_holds())
    )
