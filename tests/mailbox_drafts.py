"""A rep who works in Gmail: drafts of tasks, and what the rep does with them there."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.mailbox_drafts.making import DraftDesk, open_in_mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.models import Bucket, Message
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.microsoft_mail import OutlookBox, person
from tests.stand_ins.vendors import Box

MARIA = "maria@example.com"
Steps = Callable[[UnitOfWork], list[StepDraft]]


def by_hand(uow: UnitOfWork, day: int = 1, **fields: Any) -> StepDraft:
    return a_mail(uow, day, **{"send": SendOption.TASK, **fields})


def only_one(uow: UnitOfWork) -> list[StepDraft]:
    return [by_hand(uow, subject="Prices for {{ company }}", html="<p>Hello {{ first_name }}</p>")]


def launched(work: Work, cast: Cast, room: PostRoom, steps: Steps = only_one, **person: Any) -> int:
    """Ana adds Maria to a campaign of these steps; the task that opens."""
    with work() as uow:
        maria = a_person(uow, cast.ana, **{"email": MARIA, "company": "Acme", **person})
        launch(
            uow, cast.ana, Order(a_campaign(uow, cast.ana, steps(uow), f"To {maria.email}").id, [maria.id])
        )
    look_again(work, room)
    return newest_task(work)


def newest_task(work: Work) -> int:
    with work() as uow:
        return uow.session.scalars(sa.select(Task.id).order_by(Task.id.desc())).first() or 0


def rename(work: Work, first_name: str) -> None:
    with work() as uow:
        uow.session.scalars(sa.select(Person).where(Person.email == MARIA)).one().first_name = first_name


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


def what_stands(box: Box, draft_id: str) -> str:
    """The words of a draft, whoever keeps it."""
    if isinstance(box, OutlookBox):
        return str(box.mails[draft_id].fields["body"]["content"])
    return str(in_draft(box, draft_id))


def write_in(box: Box, draft_id: str, words: str) -> None:
    """The rep writes other words in it."""
    if isinstance(box, OutlookBox):
        box.mails[draft_id].write({"body": {"contentType": "html", "content": f"<p>{words}</p>"}})
        box.mails[draft_id].changed_at = box.now()
    else:
        rewritten(box, draft_id, words=words)


def send_from_another_program(box: Box, draft_id: str, subject: str, cc: str) -> None:
    """Opened there, changed, and sent as a mail of its own in the same conversation: our tag is lost on the way."""
    if isinstance(box, GmailBox):
        rewritten(box, draft_id, subject=subject, cc=cc, keeps_tag=False)
        box.send_draft(draft_id)
        return
    thread, before = box.mails[draft_id].thread_id, box.mails[draft_id].people("toRecipients")
    box.remove(draft_id)
    box.send(written_by(box, ", ".join(before), subject, cc=cc), thread)


def send_to(box: Box, draft_id: str, address: str) -> None:
    """The rep puts another recipient into it, and sends it."""
    if isinstance(box, OutlookBox):
        box.mails[draft_id].write({"toRecipients": [person(address)]})
    else:
        mail = in_draft(box, draft_id)
        mail.replace_header("To", address)
        box.rewrite(draft_id, mail.as_bytes(policy=policy.SMTP))
    box.send_draft(draft_id)


def another_mail(box: Box, to: str, subject: str) -> None:
    """The rep writes a mail that no task is about."""
    box.send(written_by(box, to, subject))


def written_by(box: Box, to: str, subject: str, cc: str = "") -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = box.address, to, subject
    mail["Message-ID"] = "<own@mail.example>"
    if cc:
        mail["Cc"] = cc
    mail.set_content("By the way")
    return mail.as_bytes()
