"""Hear which mailboxes have something new, so that they are looked at now: what IDLE does for others.

A knock may come twice, late, in any order, or never. One that is known already does nothing, and a look by the clock
finds what was never told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import DelegationKey, Inbox, Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.looking import EVERY
from sales_campaigns.messages.inboxes.models import KnockSource, MailboxWatch
from sales_campaigns.ports import Knock
from sales_campaigns.unit_of_work import unit_of_work

log = structlog.get_logger()

PAUSE = timedelta(minutes=1)  # after trouble
APART = timedelta(seconds=5)  # two looks: what leaves from a mailbox makes it knock, too
NOTED = timedelta(seconds=30)  # how old what is kept of a quiet hearing may be


def sources_due(room: PostRoom) -> Sequence[str]:
    """The provider that knocks, while a mailbox of its is watched and there is a key to fetch its knocks with."""
    if room.knocks is None:
        return ()
    now = machine_now()
    provider = DelegationKey.provider
    watched = (
        sa.select(MailboxWatch.mailbox_id)
        .join(Mailbox, Mailbox.id == MailboxWatch.mailbox_id)
        .where(Mailbox.provider == room.knocks.provider, MailboxWatch.until > now)
    )
    due = sa.or_(KnockSource.provider.is_(None), KnockSource.ask_at <= now)
    found = (
        sa.select(provider)
        .outerjoin(KnockSource, KnockSource.provider == provider)
        .where(provider == room.knocks.provider, due, watched.exists())
    )
    with room.reads() as session:
        return session.scalars(found).all()


def hear(room: PostRoom, provider: str) -> int:
    """Fetch once; how many came. They are acknowledged after their mailboxes were made due, never before."""
    begun = _begin(room, provider)
    if begun is None or room.knocks is None:
        return 0
    key, noted = begun
    try:
        heard = room.knocks.pull(key)
        if heard.knocks or not noted:
            _take_in(room, provider, heard.knocks)
        if heard.receipts:
            room.knocks.acknowledge(key, heard.receipts)
    except Outside as refused:
        _fail(room, provider, refused)
        return 0
    return len(heard.receipts)


def source_of(session: Session, provider: str) -> KnockSource | None:
    """None where nothing was ever fetched."""
    return session.get(KnockSource, provider)


def _begin(room: PostRoom, provider: str) -> tuple[str, bool] | None:
    """The opened key, and whether it is kept already that its knocks are heard."""
    with unit_of_work(room.reads, room.clock) as uow:
        key, source = uow.session.get(DelegationKey, provider), source_of(uow.session, provider)
        if key is None:
            return None
        heard_at = source.heard_at if source is not None and not source.trouble else None
        return room.seal.open(key.sealed_key), heard_at is not None and heard_at > machine_now() - NOTED


def _take_in(room: PostRoom, provider: str, knocks: Iterable[Knock]) -> None:
    now = machine_now()
    with unit_of_work(room.sessions, room.clock) as uow:
        _make_due(uow.session, provider, knocks, now)
        uow.session.merge(KnockSource(provider=provider, heard_at=now, ask_at=now, trouble=""))


def _make_due(session: Session, provider: str, knocks: Iterable[Knock], now: datetime) -> None:
    """Those whose last number is news. One that cannot be read just now keeps its pause."""
    newest: dict[str, int] = {}
    for knock in knocks:
        newest[knock.address] = max(knock.number, newest.get(knock.address, 0))
    watched = (
        sa.select(MailboxWatch.mailbox_id, MailboxWatch.heard, Mailbox.address)
        .join(Mailbox, Mailbox.id == MailboxWatch.mailbox_id)
        .where(Mailbox.provider == provider, Mailbox.address.in_(newest))
    )
    rows = session.execute(watched.order_by(MailboxWatch.mailbox_id)).all() if newest else []
    news = {row.mailbox_id: newest[row.address] for row in rows if newest[row.address] > row.heard}
    if not news:
        return
    number = sa.case(news, value=MailboxWatch.mailbox_id)
    session.execute(sa.update(MailboxWatch).where(MailboxWatch.mailbox_id.in_(news)).values(heard=number))
    readable = (Inbox.mailbox_id.in_(news), Inbox.failing_since.is_(None))
    look_at = sa.case((Inbox.read_at > now - APART, now + APART), else_=now)
    session.execute(sa.update(Inbox).where(*readable).values(look_at=look_at))


def _fail(room: PostRoom, provider: str, refused: Outside) -> None:
    """Again in a while. It is told once, and its mailboxes are looked at by the clock from now on."""
    now = machine_now()
    with unit_of_work(room.sessions, room.clock) as uow:
        source = source_of(uow.session, provider) or KnockSource(provider=provider, trouble="")
        begins = not source.trouble
        source.ask_at, source.trouble = max(now + PAUSE, refused.retry_at or now), refused.words
        uow.session.add(source)
        if begins:
            _look_by_the_clock(uow.session, now)
    if begins:
        log.warning("what is new in mailboxes is not told", provider=provider, why=refused.words)


def _look_by_the_clock(session: Session, now: datetime) -> None:
    watched = Inbox.mailbox_id.in_(sa.select(MailboxWatch.mailbox_id))
    late = (watched, Inbox.look_at > now + EVERY, Inbox.failing_since.is_(None))
    session.execute(sa.update(Inbox).where(*late).values(look_at=now + EVERY))
