"""Look into the mailboxes that are due: take in what came, ask for mails of ours in doubt, file copies of sent ones.

Nothing is read twice and nothing is passed over: the cursor moves in the transaction that keeps what was read.
One process looks (the leader): it holds the connections on which the servers say that something came.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import BY_CONSENT
from sales_campaigns.accounts.models import Inbox, Mailbox, MailboxState
from sales_campaigns.accounts.reaching import reading_account
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.filing import RECENT, ask_for_the_uncertain, file_copies
from sales_campaigns.messages.inboxes.recognising import recognise
from sales_campaigns.messages.inboxes.reconciling import reconcile
from sales_campaigns.messages.inboxes.watches import tells_by_itself
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.mailbox_drafts.keeping import keep_own
from sales_campaigns.messages.mailbox_drafts.watching import watch_drafts
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.ports import Changes, MailAccount, MailReader
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

EVERY = timedelta(minutes=2)  # where the server does not say by itself that something came
FLOOR = timedelta(minutes=10)  # where it does, but may fail to: what was never told is found then
SOON = timedelta(
    seconds=30
)  # while drafts of tasks stand there: a task that was sent is done within a minute
AT_MOST = timedelta(minutes=10)  # a look that takes longer belongs to a dead process
LONGEST_PAUSE = timedelta(minutes=30)
CANNOT_BE_READ = "What came in cannot be read; the log of the scheduler says why."


def inboxes_due(room: PostRoom) -> Sequence[int]:
    """Those whose time has come, and those whose server has just said that there is something.

    Who took the permission back is not asked again until the mailbox is connected anew.
    """
    if room.readers is None:
        return ()
    due = sa.or_(Inbox.look_at <= machine_now(), Inbox.mailbox_id.in_(room.readers.stirred()))
    shut = sa.and_(Mailbox.provider.in_(BY_CONSENT), Mailbox.state == MailboxState.NEEDS_RECONNECT)
    ids = sa.select(Inbox.mailbox_id).join(Mailbox, Mailbox.id == Inbox.mailbox_id).where(due, ~shut)
    with room.reads() as session:
        return session.scalars(ids.order_by(Inbox.mailbox_id)).all()


def look(room: PostRoom, mailbox_id: int) -> int:
    """One look into one mailbox, where it is due; how many mails of it were news to us.

    It is spent waiting for a server, mostly: one that does not answer takes nobody's place.
    """
    begun = _begin(room, mailbox_id)
    if begun is None or room.readers is None:
        return 0
    account, cursor, mine = begun
    try:
        with room.outside(), closing(room.readers.open(account)) as reader:
            came = _read(room, mailbox_id, reader, cursor)
            came += reconcile(room, mailbox_id)
            came += ask_for_the_uncertain(room, mailbox_id, reader)
            file_copies(room, mailbox_id, reader)
        watched = watch_drafts(room, mailbox_id)
    except Outside as refused:
        _fail(room, mailbox_id, refused)
        return 0
    except Exception:
        _fail(room, mailbox_id, Outside(OutsideKind.TRANSIENT, CANNOT_BE_READ))
        raise
    _end(room, mailbox_id, mine, soon=watched.soon)
    return came + watched.settled


def _begin(room: PostRoom, mailbox_id: int) -> tuple[MailAccount, str, datetime] | None:
    """Whoever moves the time of the next look makes this one; that time tells it from every other."""
    stirred = room.readers is not None and mailbox_id in room.readers.stirred()
    now = machine_now()
    with unit_of_work(room.sessions, room.clock) as uow:
        inbox = uow.session.get(Inbox, mailbox_id, with_for_update={"of": Inbox})
        if inbox is None or not (stirred or inbox.look_at <= now):
            return None
        inbox.look_at = now + AT_MOST
        return reading_account(inbox, room.seal, room.access), inbox.cursor, inbox.look_at


def _read(room: PostRoom, mailbox_id: int, reader: MailReader, cursor: str) -> int:
    came, more = 0, True
    while more:
        changes = reader.changes(cursor)
        taken = _take_in(room, mailbox_id, cursor, changes)
        if taken is None:
            return came
        came, cursor, more = came + taken, changes.cursor, changes.more
    return came


def _take_in(room: PostRoom, mailbox_id: int, cursor: str, changes: Changes) -> int | None:
    """How many were news; None when somebody else has read on meanwhile."""
    if changes.cursor == cursor:
        return 0
    with unit_of_work(room.sessions, room.clock) as uow:
        moved = uow.session.execute(
            sa.update(Inbox)
            .where(Inbox.mailbox_id == mailbox_id, Inbox.cursor == cursor)
            .values(cursor=changes.cursor)
            .returning(Inbox.mailbox_id)
        ).all()
        if not moved:
            return None
        box = uow.session.get_one(Mailbox, mailbox_id)
        recognise(uow, box, changes.mails)
        keep_own(uow, box, changes.mails, changes.scheduled)
        return receive(uow, box, changes.mails, room.postmark.returns)


def _fail(room: PostRoom, mailbox_id: int, refused: Outside) -> None:
    """Again in a while, later each time; a refused sign-in is not tried until the account is locked."""
    now = machine_now()
    with unit_of_work(room.sessions, room.clock) as uow:
        inbox = uow.session.get(Inbox, mailbox_id)
        if inbox is None:
            return
        since = inbox.failing_since or now
        hopeless = refused.kind in (OutsideKind.AUTHORISATION, OutsideKind.POLICY)
        inbox.look_at = now + (LONGEST_PAUSE if hopeless else min(max(now - since, EVERY), LONGEST_PAUSE))
        inbox.trouble, inbox.failing_since = refused.words, since


def _end(room: PostRoom, mailbox_id: int, mine: datetime, *, soon: bool) -> None:
    """Whoever moved the time of the next look meanwhile has heard of something that this look may have missed."""
    now = machine_now()
    with unit_of_work(room.sessions, room.clock) as uow:
        following = now + (SOON if soon else _pause(room, uow, mailbox_id, now))
        look_at = sa.case((Inbox.look_at == mine, following), else_=Inbox.look_at)
        done = sa.update(Inbox).where(Inbox.mailbox_id == mailbox_id)
        uow.session.execute(done.values(look_at=look_at, read_at=now, trouble="", failing_since=None))


def _pause(room: PostRoom, uow: UnitOfWork, mailbox_id: int, now: datetime) -> timedelta:
    """A mail in doubt is asked for at every look, whoever tells of what is new."""
    if room.knocks is None or not tells_by_itself(uow.session, mailbox_id, now):
        return EVERY
    in_doubt = sa.select(Message.id).where(
        Message.mailbox_id == mailbox_id,
        Message.state == MessageState.UNCERTAIN,
        Message.due_at >= uow.now - RECENT,
    )
    return EVERY if uow.session.scalar(in_doubt.limit(1)) is not None else FLOOR
