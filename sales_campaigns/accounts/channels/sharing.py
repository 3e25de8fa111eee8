"""Mailboxes that share a channel: what stops one of them stops all.

The rule: pacing, limits and stops are the channel's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.channels.models import Channel, SenderIdentity, identity_behind
from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.unit_of_work import UnitOfWork


def boxes_of(session: Session, channel: Channel) -> list[Mailbox]:
    """Those that send through this channel, locked in the order of their numbers."""
    return _locked(session, Mailbox.identity_id.in_(_of_channel(channel.id)))


def sharing(session: Session, mailbox_id: int) -> list[Mailbox]:
    """The mailbox and all that send through the same channel, locked in the order of their numbers."""
    its = (
        sa.select(SenderIdentity.channel_id)
        .join(Mailbox, Mailbox.identity_id == SenderIdentity.id)
        .where(Mailbox.id == mailbox_id)
        .scalar_subquery()
    )
    return _locked(session, sa.or_(Mailbox.id == mailbox_id, Mailbox.identity_id.in_(_of_channel(its))))


def lose_all(uow: UnitOfWork, boxes: Sequence[Mailbox], state: MailboxState, words: str) -> bool:
    """Whether one of these, which share what they send by, was connected until now. They must be locked.

    Its rep hears of each of them, the administrators of the team once.
    """
    newly = [box for box in boxes if box.state is MailboxState.CONNECTED]
    for number, box in enumerate(newly):
        lose(uow, box, state, words, alone=number == 0)
    identity = identity_behind(newly[0]) if newly else None
    if identity is not None:
        identity.channel.trouble, identity.channel.lost_at = words, uow.now
    return bool(newly)


def wait_all(boxes: Sequence[Mailbox], until: datetime, words: str) -> None:
    """Their server asked to wait; `until` is machine time."""
    for box in boxes:
        box.paused_until, box.trouble = until, words


def _of_channel(channel_id: int | sa.ScalarSelect[int]) -> sa.Select[int]:
    return sa.select(SenderIdentity.id).where(SenderIdentity.channel_id == channel_id)


def _locked(session: Session, *which: sa.ColumnElement[bool]) -> list[Mailbox]:
    query = sa.select(Mailbox).where(*which).order_by(Mailbox.id).with_for_update(of=Mailbox)
    return list(session.scalars(query.execution_options(populate_existing=True)))
