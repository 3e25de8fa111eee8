"""Mails in doubt at a provider with drafts: nobody need be asked, the mailbox itself says what became of them.

The rule: draft still there → send; gone → look in SENT by header; unknown → uncertain (spec/5). Sending is taken up
again through the gate, so that whoever was paused or opted out meanwhile gets nothing.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.activity import Activity
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.draft_ids import NO_DRAFT_YET, send_key
from sales_campaigns.messages.inboxes.recognising import it_left
from sales_campaigns.messages.mailbox_drafts.watching import LISTED_WITHIN
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.ports import Drafts, DraftState, Found, Place
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

AT_ONCE = 50
RECENT = timedelta(days=7)
GIVEN_UP = (MessageState.FAILED, MessageState.CANCELLED, MessageState.EXPIRED)
NEVER_SENT = "It had not left its mailbox, so it is sent now."


def reconcile(room: PostRoom, mailbox_id: int) -> int:
    """Settle what can be settled of this mailbox; how many mails that were. Raises Outside."""
    with unit_of_work(room.reads, room.clock) as uow:
        box = uow.session.get_one(Mailbox, mailbox_id)
        doubtful, stray = _doubtful(uow, mailbox_id), _stray(uow, mailbox_id)
        by_channel = box.identity_id is not None
        account = own_account(box, room.seal, room.access) if doubtful or stray else None
    drafts = room.drafts.open(account) if room.drafts is not None and account is not None else None
    if drafts is None:
        return 0
    with closing(drafts):
        for message in stray:
            _tidy(room, drafts, message)
        return sum(_settle(room, drafts, message, by_channel=by_channel) for message in doubtful)


def _settle(room: PostRoom, drafts: Drafts, message: Message, *, by_channel: bool) -> bool:
    """One mail. The mailbox is asked with no transaction open; whoever settled it meanwhile was first."""
    found = _found(drafts, message)
    if found is None and message.draft_id:
        return False
    if by_channel and found is not None and found.place is Place.DRAFTS:
        drafts.delete(found.id)  # it leaves through the channel by now, which needs none
    with unit_of_work(room.sessions, room.clock) as uow:
        row = uow.session.scalar(
            sa.select(Message)
            .where(
                Message.id == message.id,
                Message.generation == message.generation,
                Message.state == MessageState.UNCERTAIN,
            )
            .with_for_update()
        )
        if row is None or (found is None and _may_be_unlisted(uow, row)):
            return False
        if found is not None and found.place is Place.SENT:
            it_left(uow, row, found)
        else:
            _send_it_now(uow, row, found)
        return True


def _found(drafts: Drafts, message: Message) -> Found | None:
    """Where it stands. Nowhere: without a draft it never was among what is sent; with one, nobody knows."""
    if message.draft_id and drafts.state(message.draft_id) is DraftState.THERE:
        return Found(Place.DRAFTS, message.draft_id)
    return drafts.find(send_key(message))


def _may_be_unlisted(uow: UnitOfWork, message: Message) -> bool:
    """Whether a draft may stand there that the mailbox does not list yet: another one would be left over."""
    lost = sa.select(sa.func.max(Activity.at, type_=Activity.at.type)).where(
        Activity.person_id == message.person_id,
        Activity.kind == "message.uncertain",
        Activity.message_id == message.id,
    )
    since = uow.session.scalar(lost)
    return since is not None and since > uow.now - uow.people_seconds(LISTED_WITHIN)


def _send_it_now(uow: UnitOfWork, message: Message, found: Found | None) -> None:
    values = {"draft_id": found.id if found else message.draft_id, "attempts": message.attempts - 1}
    told = {**about(message), "data": {"words": NEVER_SENT}}
    uow.move(MESSAGE, message, "put_back", about=told, act_at=uow.now, words=NEVER_SENT, **values)


def _tidy(room: PostRoom, drafts: Drafts, message: Message) -> None:
    """A mail that was given up leaves no draft behind, which somebody might send by mistake."""
    found = None if message.draft_id else drafts.find(send_key(message))
    id = message.draft_id or (found.id if found is not None and found.place is Place.DRAFTS else "")
    if id:
        drafts.delete(id)
    with unit_of_work(room.sessions, room.clock) as uow:
        row = (Message.id == message.id, Message.draft_id == message.draft_id, Message.state.in_(GIVEN_UP))
        uow.session.execute(sa.update(Message).where(*row).values(draft_id=None))


def _doubtful(uow: UnitOfWork, mailbox_id: int) -> list[Message]:
    """Those that were handed over by way of a draft: of others a mailbox knows nothing."""
    mine = (Message.mailbox_id == mailbox_id, Message.due_at >= uow.now - RECENT)
    uncertain = (Message.state == MessageState.UNCERTAIN, Message.draft_id.is_not(None))
    rows = sa.select(Message).where(*mine, *uncertain).order_by(Message.id).limit(AT_ONCE)
    return list(uow.session.scalars(rows))


def _stray(uow: UnitOfWork, mailbox_id: int) -> list[Message]:
    """With a draft that is known, or one that may have been made when no answer came."""
    mine = (Message.mailbox_id == mailbox_id, Message.due_at >= uow.now - RECENT)
    listed = Message.ended_at <= uow.now - uow.people_seconds(LISTED_WITHIN)
    left = sa.or_(Message.draft_id != NO_DRAFT_YET, sa.and_(Message.draft_id == NO_DRAFT_YET, listed))
    given_up = sa.select(Message).where(*mine, Message.state.in_(GIVEN_UP), left)
    return list(uow.session.scalars(given_up.order_by(Message.id).limit(AT_ONCE)))
