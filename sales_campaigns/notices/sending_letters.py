"""Send what the product writes to its users: from their own mailbox, else from one of the team. At most once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from html import escape

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.addresses import check_address
from sales_campaigns.claims import claim
from sales_campaigns.clock import machine_now
from sales_campaigns.content.mime import Letter, build, new_message_id
from sales_campaigns.errors import Invalid, Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Hold
from sales_campaigns.messages.stops.reasons import is_stopped
from sales_campaigns.notices.models import UserLetter
from sales_campaigns.ports import HandOver, MailAccount, OutgoingMail
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

BATCH = 20
NO_MAILBOX = "no mailbox of the team is connected"


@dataclass(frozen=True)
class _Made:
    letter_id: int
    account: MailAccount
    mail: OutgoingMail


def send_letters(room: PostRoom) -> int:
    """Hand over a batch; how many were taken up. The claim is committed before anything leaves.

    While all sending is stopped nothing is claimed. What could not be handed over is not tried again: by the next
    morning there is another digest, and the notice itself stands in the list.
    """
    with unit_of_work(room.sessions, room.clock) as uow:
        if is_stopped(uow.session, *INSTANCE):
            return 0
        ids = claim(
            uow.session,
            UserLetter,
            UserLetter.claimed_at.is_(None),
            order=(UserLetter.id,),
            limit=BATCH,
            values={"claimed_at": uow.now},
        )
        made = [one for id in ids if (one := _made(uow, room, id)) is not None]
    for one in made:
        _note(room, one.letter_id, _hand_over(room, one))
    return len(ids)


def _made(uow: UnitOfWork, room: PostRoom, letter_id: int) -> _Made | None:
    row = uow.session.get_one(UserLetter, letter_id)
    user = uow.session.get_one(User, row.user_id)
    box = _mailbox_for(uow.session, user)
    if box is None or not user.active:
        row.trouble = NO_MAILBOX if user.active else "this user is no longer active"
        return None
    try:
        return _Made(row.id, account_of(box, room.seal, room.access), _mail(uow, row, user, box))
    except Invalid as refusal:
        row.trouble = refusal.words
        return None


def _mail(uow: UnitOfWork, row: UserLetter, user: User, box: Mailbox) -> OutgoingMail:
    sender, recipient = check_address(box.address), check_address(user.email)
    message_id = new_message_id(f"notice-{row.id}-{row.at:%Y%m%d%H%M%S}", sender.domain)
    letter = Letter(
        message_id=message_id,
        date=uow.now,
        zone=user.zone,
        from_name="Sales Campaigns",
        from_email=box.address,
        to_name=user.name,
        to_email=user.email,
        subject=row.subject,
        html="".join(f"<p>{escape(line)}</p>\n" for line in row.text.splitlines() if line),
        text=row.text,
        headers={"Auto-Submitted": "auto-generated"},
    )
    needs_utf8 = sender.needs_utf8 or recipient.needs_utf8
    return OutgoingMail(row.id, message_id, sender.wire, (recipient.wire,), build(letter), needs_utf8)


def _mailbox_for(session: Session, user: User) -> Mailbox | None:
    """One that may send now, the user's own first; never a sandbox."""
    held = sa.exists().where(Hold.kind == "mailbox", Hold.key == Mailbox.id, Hold.stopped)
    query = (
        sa.select(Mailbox)
        .join(User, User.id == Mailbox.user_id)
        .where(
            User.team_id == user.team_id,
            User.active,
            Mailbox.state == MailboxState.CONNECTED,
            Mailbox.provider != "sandbox",
            sa.or_(Mailbox.paused_until.is_(None), Mailbox.paused_until <= machine_now()),
            ~held,
        )
        .order_by(Mailbox.user_id != user.id, Mailbox.id)
        .limit(1)
    )
    return session.scalar(query)


def _hand_over(room: PostRoom, made: _Made) -> str:
    """What went wrong, in words; "" when the server took it."""
    try:
        with closing(room.providers.open(made.account)) as provider:
            answers: list[HandOver] = list(provider.hand_over([made.mail]))
    except Outside as error:
        return error.words
    refused = answers[0].refused if answers else None
    return refused.words if refused else ""


def _note(room: PostRoom, letter_id: int, trouble: str) -> None:
    with unit_of_work(room.sessions, room.clock) as uow:
        row = uow.session.get_one(UserLetter, letter_id)
        row.trouble, row.sent_at = trouble, None if trouble else uow.now
