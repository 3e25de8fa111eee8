"""Catching up after an outage of ours or a stop: what is overdue leaves bit by bit. Planned instants do not move."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, Mailbox
from sales_campaigns.messages.explaining.queue_order import gap, spread
from sales_campaigns.messages.holds import nothing_holds
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.unit_of_work import UnitOfWork

OUTAGE_SECONDS = 300
OVERDUE_SECONDS = 60
CHUNK = 1000


def notice_outage(uow: UnitOfWork) -> int:
    """Give a sign of life; when the one before is long ago, spread what became overdue meanwhile. How many mails."""
    before = uow.session.execute(
        sa.select(Instance.worked_at).where(Instance.id == 1).with_for_update()
    ).one_or_none()
    if before is None:
        return 0
    uow.session.execute(sa.update(Instance).where(Instance.id == 1).values(worked_at=uow.now))
    if not was_out(uow, before.worked_at):
        return 0
    return catch_up(uow) + (_bring_forward(uow) if before.worked_at > uow.now else 0)


def outage_seen(uow: UnitOfWork) -> bool:
    """Whether nothing of this installation was at work for some minutes until now, or its clock was ahead by as much.
    Only reads.
    """
    return was_out(uow, uow.session.scalar(sa.select(Instance.worked_at).where(Instance.id == 1)))


def was_out(uow: UnitOfWork, worked_at: datetime | None) -> bool:
    return worked_at is not None and abs(uow.now - worked_at) > uow.people_seconds(OUTAGE_SECONDS)


def catch_up(uow: UnitOfWork, *where: sa.ColumnElement[bool]) -> int:
    """Spread the mails that should have left by now and were never tried; how many there are.

    The rule: lateness is judged once. What is too late is left for the gate to judge; what is not leaves in its
    turn, however long that takes. Only `act_at` moves.
    """
    overdue = Message.act_at <= uow.now - uow.people_seconds(OVERDUE_SECONDS)
    in_time = sa.or_(Message.late_at.is_(None), Message.late_at >= uow.now)
    return _spread(uow, overdue, in_time, nothing_holds(), *where)


def _bring_forward(uow: UnitOfWork) -> int:
    """While the clock was ahead, mails were given turns that are hours away by now: they get them anew."""
    overdue = Message.due_at <= uow.now - uow.people_seconds(OVERDUE_SECONDS)
    far = Message.act_at > uow.now + uow.people_seconds(OUTAGE_SECONDS)
    return _spread(uow, overdue, far, Message.late_at.is_(None), Message.reason == "")


def _spread(uow: UnitOfWork, *which: sa.ColumnElement[bool]) -> int:
    rows = uow.session.execute(
        sa.select(Message.id, Message.occasion, Message.step_key, Message.mailbox_id, Mailbox.daily_limit)
        .join(Mailbox, Mailbox.id == Message.mailbox_id)
        .where(Message.state == MessageState.PENDING, Message.attempts == 0, *which)
    ).all()
    by_mailbox = defaultdict(list)
    for id, occasion, key, mailbox_id, limit in rows:
        by_mailbox[mailbox_id, limit].append((id, occasion, key))
    turns = [one for (_, limit), mails in by_mailbox.items() for one in spread(mails, gap(limit))]
    _write(uow, turns)
    return len(turns)


def _write(uow: UnitOfWork, turns: list[tuple[int, timedelta]]) -> None:
    change = (
        sa.update(Message)
        .where(Message.id == sa.bindparam("mail"), Message.state == MessageState.PENDING)
        .values(act_at=sa.bindparam("act"), late_at=None)
    )
    rows = [{"mail": id, "act": uow.now + after} for id, after in turns]
    for first in range(0, len(rows), CHUNK):
        uow.session.connection().execute(change, rows[first : first + CHUNK])
