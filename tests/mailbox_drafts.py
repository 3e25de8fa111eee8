"""A rep who works in Gmail: drafts of tasks, and what the rep does with them there."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import sqlalchemy as sa

from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.mailbox_drafts.making import DraftDesk, open_in_mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.models import Bucket, Message
from sales_campaigns.tasks.models import Task
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.stand_ins.google_mail import GmailBox, Mail


def desk_of(room: PostRoom) -> DraftDesk:
    return DraftDesk(room.sessions, room.clock, room.seal, room.access, room.drafts)


def put_there(work: Work, cast: Cast, room: PostRoom, task_id: int) -> MailboxDraft:
    """Ana opens the task in her mailbox."""
    return draft_in(work, open_in_mailbox(desk_of(room), cast.ana.id, task_id))


def draft_in(work: Work, draft_id: int) -> MailboxDraft:
    with work() as uow:
        return uow.session.get_one(MailboxDraft, draft_id)


def drafts_in(work: Work) -> list[MailboxDraft]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(MailboxDraft).order_by(MailboxDraft.id)))


def task_in(work: Work, task_id: int) -> Task:
    with work() as uow:
        return uow.session.get_one(Task, task_id)


def mail_of(work: Work, task_id: int) -> Message:
    with work() as uow:
        task = uow.session.get_one(Task, task_id)
        assert task.message_id is not None
        return uow.session.get_one(Message, task.message_id)


def look_again(work: Work, room: PostRoom) -> None:
    """Every mailbox is looked at, and what follows from that has followed."""
    with work() as uow:
        uow.session.execute(sa.update(Inbox).values(look_at=machine_now()))
        uow.session.execute(sa.update(Mailbox).values(paused_until=None))
        uow.session.execute(sa.delete(Bucket))
    run_until_quiet(room)


def in_draft(box: GmailBox, draft_id: str) -> EmailMessage:
    """What stands there, as mail programs read it."""
    read = message_from_bytes(box.mails[box.drafts[draft_id]].raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def rewritten(
    box: GmailBox, draft_id: str, *, subject: str = "", cc: str = "", keeps_tag: bool = True, words: str = ""
) -> None:
    """The rep writes in it, in a program that may not keep what it does not know."""
    mail = in_draft(box, draft_id)
    if subject:
        mail.replace_header("Subject", subject)
    if cc:
        mail["Cc"] = cc
    if not keeps_tag:
        del mail["X-Sales-Campaigns-Key"]
        mail.replace_header("Message-ID", f"<{draft_id}@client.example>")
    if words:
        for kind in ("html", "plain"):
            part = mail.get_body((kind,))
            assert isinstance(part, EmailMessage)
            part.set_content(f"<p>{words}</p>" if kind == "html" else words, subtype=kind)
    box.rewrite(draft_id, mail.as_bytes(policy=policy.SMTP))


def another_mail(box: GmailBox, to: str, subject: str, words: str = "By the way") -> Mail:
    """The rep writes a mail that no task is about."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        box.address,
        to,
        subject,
        "<own@mail.example>",
    )
    mail.set_content(words)
    return box.send(mail.as_bytes())
