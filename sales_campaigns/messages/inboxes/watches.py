"""Ask the provider to say by itself when something is new in a mailbox, and anew before that ends.

The rule: sync from a stored id, or push where configured (spec/5). A watch that is refused or over changes nothing but
the pace: the mailbox is looked at as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import DelegationKey, Grant, Inbox, Mailbox, MailboxState
from sales_campaigns.accounts.reaching import reading_account
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.models import KnockSource, MailboxWatch
from sales_campaigns.ports import MailAccount
from sales_campaigns.unit_of_work import unit_of_work

AT_ONCE = 200  # a minute: whoever has a thousand mailboxes still sends meanwhile
RENEWED = timedelta(days=1)
AFTER_A_REFUSAL = timedelta(hours=1)
STILL_HEARD = timedelta(minutes=2)  # since knocks were fetched last: whoever hears nothing looks by the clock


def watches_due(room: PostRoom) -> Sequence[int]:
    """Mailboxes that are read by what was granted, whose watch was not asked for yet, or is to be asked for anew.

    Without the key of the organisation nobody could fetch what is told, so nothing is asked.
    """
    if room.knocks is None:
        return ()
    now = machine_now()
    to_ask = sa.or_(
        MailboxWatch.mailbox_id.is_(None),
        MailboxWatch.ask_at <= now,
        MailboxWatch.asked_at < Grant.granted_at,  # connected anew
    )
    ids = (
        sa.select(Inbox.mailbox_id)
        .join(Mailbox, Mailbox.id == Inbox.mailbox_id)
        .join(Grant, Grant.mailbox_id == Mailbox.id)
        .join(DelegationKey, DelegationKey.provider == Mailbox.provider)
        .outerjoin(MailboxWatch, MailboxWatch.mailbox_id == Mailbox.id)
        .where(
            Mailbox.provider == room.knocks.provider, Mailbox.state != MailboxState.NEEDS_RECONNECT, to_ask
        )
    )
    with room.reads() as session:
        return session.scalars(ids.order_by(Inbox.mailbox_id).limit(AT_ONCE)).all()


def ask_for_knocks(room: PostRoom, mailbox_id: int) -> None:
    """Of one mailbox, with no transaction open while its provider is asked."""
    account = _account(room, mailbox_id)
    if account is None or room.knocks is None:
        return
    try:
        until, trouble = room.knocks.watch(account), ""
    except Outside as refused:
        until, trouble = None, refused.words
    now = machine_now()
    again = min(until, now + RENEWED) if until else now + AFTER_A_REFUSAL
    with unit_of_work(room.sessions, room.clock) as uow:
        if uow.session.get(Mailbox, mailbox_id) is not None:
            row = MailboxWatch(
                mailbox_id=mailbox_id, asked_at=now, ask_at=again, until=until, trouble=trouble
            )
            uow.session.merge(row)


def watch_of(session: Session, mailbox: Mailbox) -> MailboxWatch | None:
    """None where it was never asked for."""
    return session.get(MailboxWatch, mailbox.id)


def tells_by_itself(session: Session, mailbox_id: int, now: datetime) -> bool:
    """Whether what comes into this mailbox is told, and what is told is heard."""
    heard = (
        sa.select(MailboxWatch.mailbox_id)
        .join(Mailbox, Mailbox.id == MailboxWatch.mailbox_id)
        .join(KnockSource, KnockSource.provider == Mailbox.provider)
        .where(
            MailboxWatch.mailbox_id == mailbox_id,
            MailboxWatch.until > now,
            KnockSource.trouble == "",
            KnockSource.heard_at > now - STILL_HEARD,
        )
    )
    return session.scalar(heard) is not None


def _account(room: PostRoom, mailbox_id: int) -> MailAccount | None:
    with unit_of_work(room.reads, room.clock) as uow:
        inbox = uow.session.get(Inbox, mailbox_id)
        return reading_account(inbox, room.seal, room.access) if inbox is not None else None
