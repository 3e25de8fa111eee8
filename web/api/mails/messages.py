"""The outbox: one mail after the other, and what can be done with it while it waits."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field

from sales_campaigns.content.bundles import enclosed
from sales_campaigns.deliveries.personal import Thread, write_personal
from sales_campaigns.enrollments.composing import send_for_task, take_back_mail
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.incoming.disposing import received_of
from sales_campaigns.messages.letters.carrying import bundle_of as carried_by
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, forget_draft
from sales_campaigns.messages.outbox.engagement import Did
from sales_campaigns.messages.outbox.folders import Folder, Search, folder_of
from sales_campaigns.messages.outbox.keeping import rewrite
from sales_campaigns.messages.outbox.lines import (
    attempts_of,
    exact_mail,
    folder_counts,
    mail_lines,
    message_of,
    was_reported,
)
from sales_campaigns.messages.outbox.resending import call_off
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.queue import task_with_mail
from sales_campaigns.tasks.working import task_of
from web.api.mails.attachments import Files, bundle_of, digest_of
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
    did: Did | None = Field(None, description="Mails with which the recipient did this.")
    did_not: Did | None = Field(None, description="Mails with which the recipient did not.")


class NewMessage(Asked):
    """A mail to one person from your own mailbox: by itself, for a task, or in answer to a mail that came."""

    person_id: Id
    subject: Line
    html: Source
    send_at: Instant | None = Field(None, description="Now where it is not given.")
    cc: Line = ""
    bcc: Line = ""
    files: Files = ""
    draft_key: str = Field("", max_length=32, description="The draft that it was; it goes.")
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
    files: Files | None = Field(None, description="As they are where it is not given.")


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
    search = Search(
        query.words, query.campaign_id, query.since, query.until, did=query.did, did_not=query.did_not
    )
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
    typed = _typed(body, body.files, person.team_id, despite_opt_out=body.despite_opt_out)
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
    forget_draft(work(), me(), About(person.id, body.task_id), body.draft_key)
    session.flush()
    return get_message(message.id)


@api.get("/messages/<int:message_id>")
def get_message(message_id: int) -> MessageWhole:
    """One mail with every attempt to hand it over."""
    message = message_of(work().session, me(), message_id)
    folder = folder_of(message, work().now, spam=was_reported(work().session, message))
    tries = [AttemptShown.model_validate(one) for one in attempts_of(work().session, message)]
    files = digest_of(carried_by(work().session, message))
    return MessageWhole(**message_shown(message, folder).model_dump(), tries=tries, files=files)


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
    message = locked(message_id)
    person = work().session.get_one(Person, message.person_id)
    files = digest_of(carried_by(work().session, message)) if body.files is None else body.files
    typed = _typed(body, files, message.team_id, send_at=body.send_at or message.due_at)
    rewrite(work(), me(), message, person, typed)
    return after(message)


@api.post("/messages/<int:message_id>/cancel")
def cancel_message(message_id: int) -> MessageWhole:
    """Call a mail off that waits. The campaign goes on; a task that waited for it is open again."""
    message = locked(message_id)
    task = task_with_mail(work().session, message.id)
    if task is not None:
        take_back_mail(work(), me(), task_of(work(), me(), task.id))
    else:
        call_off(work(), me(), message)
    return after(message)


def _typed(body: NewMessage | ChangedMessage, files: str, team_id: int, **more: Any) -> Typed:
    written = body.model_dump(include={"subject", "html", "send_at", "cc", "bcc"})
    bundle_id = bundle_of(files, team_id)
    sizes = tuple(one.size for one in enclosed(work().session, bundle_id))
    return Typed(**{**written, **more}, bundle_id=bundle_id, sizes=sizes)


def _thread(body: NewMessage) -> Thread:
    session = work().session
    ours = body.answers_message_id
    theirs = body.answers_reply_id
    return Thread(
        message=message_of(session, me(), ours) if ours is not None else None,
        received=received_of(session, me(), theirs) if theirs is not None else None,
    )


def locked(message_id: int) -> Message:
    return message_of(work().session, me(), message_id, lock=True)


def after(message: Message) -> MessageWhole:
    """As it is now: states move by statements of their own."""
    work().session.flush()
    work().session.refresh(message)
    return get_message(message.id)
