"""What a rep says of drafts: that one was sent, and which of them a mail was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.mailbox_drafts.matching import Signal
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, OwnMail
from sales_campaigns.messages.mailbox_drafts.states import LIVE, MAILBOX_DRAFT
from sales_campaigns.messages.mailbox_drafts.watching import about
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Question:
    """A mail that its rep sent, and the drafts that it may have been."""

    mail: OwnMail
    drafts: tuple[MailboxDraft, ...]


def questions(session: Session, actor: User) -> list[Question]:
    """What the actor has to say, the oldest first. Two queries, however many."""
    mine = sa.select(Mailbox.id).where(Mailbox.user_id == actor.id)
    waiting = sa.select(OwnMail).where(OwnMail.mailbox_id.in_(mine), OwnMail.settled_at.is_(None))
    mails = [mail for mail in session.scalars(waiting.order_by(OwnMail.at, OwnMail.id)) if mail.asked]
    ids = {id for mail in mails for id in mail.asked}
    drafts = _waiting(session, ids) if ids else {}
    asked = (Question(mail, tuple(drafts[id] for id in mail.asked if id in drafts)) for mail in mails)
    return [one for one in asked if one.drafts]


def answer(uow: UnitOfWork, actor: User, mail_id: int, draft_id: int | None) -> None:
    """It was this draft, or (None) none of them. Raises NotFound for a colleague's mail, Invalid for another draft."""
    require(actor, "work_tasks")
    mail = uow.session.get(OwnMail, mail_id, with_for_update={"of": OwnMail})
    if mail is None or uow.session.get_one(Mailbox, mail.mailbox_id).user_id != actor.id:
        raise NotFound("This mail is not there, or it is somebody else's.")
    if mail.settled_at is not None:
        raise IllegalMove("This was answered already.")
    if draft_id is not None and draft_id not in mail.asked:
        raise Invalid({"draft": "Choose one of these tasks."})
    mail.settled_at = uow.now
    if draft_id is not None:
        mail.draft_id = draft_id
        _sent(uow, actor, uow.session.get_one(MailboxDraft, draft_id), Signal.ANSWERED, mail.id)


def say_it_was_sent(uow: UnitOfWork, actor: User, draft: MailboxDraft) -> None:
    """“I sent it”: the task is done, and the mail itself is read into the log when the mailbox shows it."""
    require(actor, "work_tasks")
    if uow.session.get_one(Mailbox, draft.mailbox_id).user_id != actor.id:
        raise NotFound("This draft is not there, or it is somebody else's.")
    _sent(uow, actor, draft, Signal.SAID, None)


def _sent(uow: UnitOfWork, actor: User, draft: MailboxDraft, signal: Signal, mail_id: int | None) -> None:
    data = {"draft": draft.id, "mail": mail_id, "signal": signal}
    told = {**about(draft), "actor_id": actor.id, "data": data}
    uow.move(MAILBOX_DRAFT, draft, "send", about=told, signal=signal, ended_at=uow.now)


def _waiting(session: Session, ids: set[int]) -> dict[int, MailboxDraft]:
    mine = (MailboxDraft.id.in_(ids), MailboxDraft.state.in_(LIVE))
    rows: Sequence[MailboxDraft] = session.scalars(sa.select(MailboxDraft).where(*mine)).all()
    return {row.id: row for row in rows}
