"""The outbox: one mail after the other, and what can be done with it while it waits and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from flask import Response
from pydantic import Field

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.personal import Thread, write_personal
from sales_campaigns.enrollments.composing import send_for_task, take_back_mail
from sales_campaigns.enrollments.ending import end_uncertain
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages import settling
from sales_campaigns.messages.incoming.disposing import received_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.folders import Folder, Search, folder_of
from sales_campaigns.messages.outbox.keeping import archive, mark_success, remove, rewrite
from sales_campaigns.messages.outbox.lines import (
    attempts_of,
    exact_mail,
    folder_counts,
    mail_lines,
    message_of,
    was_reported,
)
from sales_campaigns.messages.outbox.resending import call_off, write_again
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.queue import task_with_mail
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.api.mails.shapes import AttemptShown, MessageShown, MessageWhole, message_shown
from web.api.protocol import cursors
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Id, Instant, Line, Page, Shown, Source
from web.request_scope import me, settings, work

api = Area("messages", "E-mails: what waits, what left, what failed; answers that came; templates.")
MAIL = "message/rfc822"


class MessagesAsked(AskedPage):
    """One folder; your own mails unless `everybody`."""

    folder: Folder = Folder.SCHEDULED
    everybody: bool = False
    words: str = Field("", max_length=200)
    campaign_id: Id | None = None
    since: Instant | None = None
    until: Instant | None = None


class NewMessage(Asked):
    """A mail to one person from your own mailbox: by itself, for a task, or in answer to a mail that came."""

    person_id: Id
    subject: Line
    html: Source
    send_at: Instant | None = Field(None, description="Now where it is not given.")
    cc: Line = ""
    bcc: Line = ""
    task_id: Id | None = None
    answers_message_id: Id | None = None
    answers_reply_id: Id | None = None
    despite_opt_out: bool = False


class ChangedMessage(Asked):
    subject: Line
    html: Source
    send_at: Instant | None = None
    cc: Line = ""
    bcc: Line = ""


class Switched(Asked):
    on: bool = True


class Answer(StrEnum):
    """What became of a mail whose outcome nobody knows."""

    SENT = "sent"
    AGAIN = "again"
    SKIP = "skip"
    END = "end"


class Settled(Asked):
    answer: Answer


class FolderCount(Shown):
    folder: Folder
    number: int


class FolderCounts(Shown):
    folders: list[FolderCount]


@api.get("/messages")
def list_messages(query: MessagesAsked) -> Page[MessageShown]:
    """The mails of a folder: what is still to leave soonest first, everything else newest first."""
    if query.folder is Folder.DRAFT:
        raise Invalid({"folder": "Drafts are in the composer of whoever writes them."})
    uow, place = work(), cursors.read(query.after, str, int)
    search = Search(query.words, query.campaign_id, query.since, query.until)
    lines = mail_lines(
        uow.session,
        me(),
        query.folder,
        uow.now,
        search=search,
        sender_id=None if query.everybody else me().id,
        before=(cursors.instant(place[0]), place[1]) if place else None,
        limit=query.limit,
    )
    last = lines[-1].message if len(lines) == query.limit else None
    more = cursors.written([last.due_at.isoformat(), last.id]) if last is not None else None
    return Page[MessageShown](items=[message_shown(line.message, line.folder) for line in lines], after=more)


@api.get("/messages/counts")
def count_messages() -> FolderCounts:
    """How many of your mails each folder holds."""
    found = folder_counts(work().session, me(), work().now, sender_id=me().id)
    return FolderCounts(
        folders=[FolderCount(folder=folder, number=number) for folder, number in found.items()]
    )


@api.post("/messages", status=201, example={"person_id": 1, "subject": "Hello", "html": "<p>Hello Maria</p>"})
def send_message(body: NewMessage) -> MessageWhole:
    """Send a mail now or at a time. With `task_id` it completes that task when it has left."""
    session = work().session
    person = person_of(session, me(), body.person_id)
    typed = Typed(
        body.subject, body.html, body.send_at, body.cc, body.bcc, despite_opt_out=body.despite_opt_out
    )
    if body.task_id is not None:
        task = task_of(work(), me(), body.task_id)
        if task.person_id != person.id:
            raise NotFound("This task is about somebody else.")
        message = send_for_task(work(), me(), task, person, typed)
    else:
        opted_out = settings().answer_opted_out
        message = write_personal(
            work(), me(), person, typed, thread=_thread(body), answer_opted_out=opted_out
        )
    session.flush()
    return get_message(message.id)


@api.get("/messages/<int:message_id>")
def get_message(message_id: int) -> MessageWhole:
    """One mail with every attempt to hand it over."""
    message = message_of(work().session, me(), message_id)
    folder = folder_of(message, work().now, spam=was_reported(work().session, message))
    tries = [AttemptShown.model_validate(one) for one in attempts_of(work().session, message)]
    return MessageWhole(**message_shown(message, folder).model_dump(), tries=tries)


@api.get("/messages/<int:message_id>/mime", gives=MAIL)
def get_message_as_sent(message_id: int) -> Response:
    """The exact mail that left."""
    sent = exact_mail(work().session, message_of(work().session, me(), message_id))
    if sent is None:
        raise NotFound("Nothing was handed over yet.")
    return Response(sent, mimetype=MAIL)


@api.put(
    "/messages/<int:message_id>",
    edits=Edits(Message, get_message),
    example={"subject": "Hello", "html": "<p>Hello Maria</p>"},
)
def rewrite_message(message_id: int, body: ChangedMessage) -> MessageWhole:
    """Other words, or another time, for a mail that waits."""
    message = _locked(message_id)
    person = work().session.get_one(Person, message.person_id)
    typed = Typed(body.subject, body.html, body.send_at or message.due_at, body.cc, body.bcc)
    rewrite(work(), me(), message, person, typed)
    return _after(message)


@api.post("/messages/<int:message_id>/cancel")
def cancel_message(message_id: int) -> MessageWhole:
    """Call a mail off that waits. The campaign goes on; a task that waited for it is open again."""
    message = _locked(message_id)
    task = task_with_mail(work().session, message.id)
    if task is not None:
        take_back_mail(work(), me(), task_of(work(), me(), task.id))
    else:
        call_off(work(), me(), message)
    return _after(message)


@api.post("/messages/<int:message_id>/retry", status=201)
def retry_message(message_id: int) -> MessageWhole:
    """Try a mail once more that failed: a new mail with the same words."""
    again = write_again(work(), me(), _locked(message_id))
    work().session.flush()
    return get_message(again.id)


@api.post("/messages/<int:message_id>/settle", example={"answer": "sent"})
def settle_message(message_id: int, body: Settled) -> MessageWhole:
    """Say what became of a mail whose outcome nobody knows."""
    message = _locked(message_id)
    ANSWERS[body.answer](work(), me(), message)
    return _after(message)


@api.post("/messages/<int:message_id>/archive", example={"on": True})
def archive_message(message_id: int, body: Switched) -> MessageWhole:
    """Archived, opens and clicks no longer count. `on` false brings it back."""
    message = _locked(message_id)
    archive(work(), me(), message, away=body.on)
    return _after(message)


@api.post("/messages/<int:message_id>/success", example={"on": True})
def mark_message(message_id: int, body: Switched) -> MessageWhole:
    """Mark it as a success, or not."""
    message = _locked(message_id)
    mark_success(work(), me(), message, reached=body.on)
    return _after(message)


@api.post("/messages/<int:message_id>/remove", status=204, example={"on": True})
def remove_message(message_id: int, body: Switched) -> None:
    """Take it from the list; mails of campaigns stay. `on` false brings it back."""
    remove(work(), me(), _locked(message_id), away=body.on)


def _thread(body: NewMessage) -> Thread:
    session = work().session
    ours = body.answers_message_id
    theirs = body.answers_reply_id
    return Thread(
        message=message_of(session, me(), ours) if ours is not None else None,
        received=received_of(session, me(), theirs) if theirs is not None else None,
    )


def _locked(message_id: int) -> Message:
    return message_of(work().session, me(), message_id, lock=True)


def _after(message: Message) -> MessageWhole:
    work().session.flush()
    return get_message(message.id)


ANSWERS: dict[Answer, Callable[[UnitOfWork, User, Message], None]] = {
    Answer.SENT: settling.say_it_was_sent,
    Answer.AGAIN: settling.send_again,
    Answer.SKIP: settling.give_it_up,
    Answer.END: end_uncertain,
}
