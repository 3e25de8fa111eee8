"""A draft was sent from the mailbox: what was really sent becomes the mail of its task, and the campaign goes on.

The rule: what was really sent is read into the log; the time and ids drive the next step (spec/5). The task is done by
the same reaction that follows every mail that left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import getaddresses
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.activity import Activity
from sales_campaigns.content.html import sanitise
from sales_campaigns.deliveries.personal import delivery_for, draft_row
from sales_campaigns.enrollments.composing import Place, identity_in, place_in_campaign, row_in_place
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.messages.incoming.facts import Facts, facts_of, html_of, parsed
from sales_campaigns.messages.letters.carrying import own_bundle
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, OwnMail
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import LITERAL, Typed
from sales_campaigns.messages.queueing import queue
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

SENT_THERE = "Sent by its rep from the mailbox."
SAID_SO = "Its rep says that it was sent from the mailbox."
_QUOTED = re.compile(r'<div class="(?:gmail_)?quote|<blockquote', re.IGNORECASE)
_BRACES = re.compile(r"\{(?=[{%])")


def drafts_sent(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """Reaction: the mail of each of these drafts is written into the log, and belongs to its task where that waits."""
    for row in happened:
        draft = uow.session.get_one(MailboxDraft, row.data["draft"])
        mail = uow.session.get(OwnMail, row.data["mail"]) if row.data.get("mail") else None
        if draft.message_id is None:
            _log(uow, draft, mail)


def drafts_found(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """Reaction: a mail whose rep said that it was sent stands in the mailbox now, with its real words and names."""
    for row in happened:
        draft = uow.session.get_one(MailboxDraft, row.data["draft"])
        mail = uow.session.get(OwnMail, row.data["mail"])
        if draft.message_id is not None and mail is not None:
            message = uow.session.get_one(Message, draft.message_id)
            for name, value in _left(uow, message, mail).items():
                setattr(message, name, value)


def _log(uow: UnitOfWork, draft: MailboxDraft, mail: OwnMail | None) -> None:
    task = uow.session.get_one(Task, draft.task_id, with_for_update={"of": Task}, populate_existing=True)
    place = place_in_campaign(uow.session, task) if _belongs(task) else None
    at = min(mail.at, uow.now) if mail is not None else uow.now
    message = _message(uow, draft, mail, place, at)
    draft.message_id = message.id
    _attach(uow, task, place, message)
    left = _left(uow, message, mail)
    told = {**about(message), "task_id": task.id, "data": {"words": left["words"]}}
    uow.move(MESSAGE, message, "leave_by_itself", about=told, **{**left, "sent_at": at, "ended_at": uow.now})


def _belongs(task: Task) -> bool:
    """A task that was skipped, or whose mail left otherwise, gets no second one: it is a mail of the rep's own."""
    return task.message_id is None and task.state in (TaskState.OPEN, TaskState.COMPLETED)


def _message(
    uow: UnitOfWork, draft: MailboxDraft, mail: OwnMail | None, place: Place | None, at: datetime
) -> Message:
    """Its row, as if it had been written here; it leaves in the same transaction."""
    actor = uow.session.get_one(Mailbox, draft.mailbox_id).user
    person = uow.session.get_one(Person, draft.person_id)
    typed = _typed(draft, mail, at)
    if place is not None:
        row = {**row_in_place(uow, actor, place, person, typed), **identity_in(uow, place)}
        row["bundle_id"] = own_bundle(uow.session, draft.team_id, row["wording_id"], None)
    else:
        delivery = delivery_for(uow, actor, typed.subject)
        row = {**draft_row(uow, actor, person, typed), "delivery_id": delivery.id}
    (message_id,) = queue(uow, [{**row, "mailbox_id": draft.mailbox_id, "email": _to(draft, mail)}])
    return uow.session.get_one(Message, message_id)


def _typed(draft: MailboxDraft, mail: OwnMail | None, at: datetime) -> Typed:
    """The words that were sent, without what was quoted under them; braces in them are no fields."""
    if mail is None:
        return Typed(draft.subject, draft.html, send_at=at)
    html = _QUOTED.split(sanitise(html_of(parsed(mail.raw))), maxsplit=1)[0]
    subject, words = (_BRACES.sub(LITERAL, one) for one in (mail.subject, html))
    return Typed(subject, words, send_at=at)


def _to(draft: MailboxDraft, mail: OwnMail | None) -> str:
    """The person's address, or the one that its rep put instead."""
    everybody = mail.recipients.split() if mail is not None else []
    return draft.email if draft.email in everybody or not everybody else everybody[0]


def _attach(uow: UnitOfWork, task: Task, place: Place | None, message: Message) -> None:
    if not _belongs(task) or (place is None and task.state is not TaskState.OPEN):
        return
    task.message_id = message.id
    run = uow.session.get(StepRun, task.step_run_id) if task.step_run_id is not None else None
    if run is not None and run.message_id is None:
        run.message_id = message.id
        if task.state is TaskState.COMPLETED:  # by hand, before the mail was found
            run.sent_at = message.due_at
    uow.session.flush()


def _left(uow: UnitOfWork, message: Message, mail: OwnMail | None) -> dict[str, Any]:
    """What is known of the mail that left: its names, whom it went to, its exact bytes."""
    if mail is None:
        return {"words": SAID_SO, "subject": message.edited_subject or "", "filed_at": uow.now}
    facts = facts_of(parsed(mail.raw))
    return {
        "words": SENT_THERE,
        "sent_at": min(mail.at, uow.now),
        "message_id": _free(uow, message, mail.message_id),
        "references": facts.references,
        "subject": mail.subject,
        "cc": _addresses(facts, "cc"),
        "bcc": _addresses(facts, "bcc"),
        "mime": mail.raw,
        "provider_id": mail.uid,
        "thread_id": mail.thread_id or None,
        "filed_at": uow.now,
    }


def _addresses(facts: Facts, header: str) -> str:
    return " ".join(
        address.lower() for _, address in getaddresses([facts.headers.get(header, "")]) if address
    )


def _free(uow: UnitOfWork, message: Message, name: str) -> str | None:
    """A Message-ID names one message; a program that used one twice is none of our trouble."""
    taken = uow.session.scalar(
        sa.select(Message.id).where(Message.message_id == name, Message.id != message.id)
    )
    return name if name and taken is None else None
