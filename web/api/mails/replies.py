"""Replies as work: a list that waits until each is answered or disposed of."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from flask import Response
from pydantic import AwareDatetime, Field

from sales_campaigns.enrollments.answers.disposing import interested, not_now, said_no, wrong_person
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.incoming.disposing import dispose, received_of, wait_again
from sales_campaigns.messages.incoming.models import Disposal, MailKind, ReceivedMail
from sales_campaigns.messages.incoming.reading import Box, raw_of, reply_lines
from web.api.protocol import cursors
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Day, Line, Page, Shown
from web.request_scope import me, work

api = Area("messages", "")
MAIL = "message/rfc822"


class RepliesAsked(AskedPage):
    box: Box = Box.WAITING
    everybody: bool = False


class ReplyShown(Shown):
    id: int
    at: AwareDatetime
    kind: MailKind
    person_id: int
    user_id: int
    campaign_id: int | None
    enrollment_id: int | None
    answers_id: int | None = Field(description="The mail of ours that it answers.")
    from_email: str
    from_name: str
    subject: str
    text: str = Field(description="The new words, without what they quote.")
    back_on: date | None
    disposal: Disposal | None
    disposed_at: AwareDatetime | None
    answer_id: int | None
    note: str


class Deed(StrEnum):
    INTERESTED = "interested"
    NOT_NOW = "not_now"
    WRONG_PERSON = "wrong_person"
    NO = "no"
    READ = "read"


class Disposed(Asked):
    """`until` for not_now; `email`, `first_name`, `last_name` of who it is instead for wrong_person."""

    do: Deed
    until: Day | None = None
    email: Line = ""
    first_name: Line = ""
    last_name: Line = ""


@api.get("/replies")
def list_replies(query: RepliesAsked) -> Page[ReplyShown]:
    """What waits longest first; everything else newest first. Your own unless `everybody`."""
    whose = None if query.everybody else me().id
    beyond = cursors.read(query.after, int)
    lines = reply_lines(work().session, me(), query.box, user_id=whose, beyond=beyond, limit=query.limit)
    more = lines[-1].mail.id if len(lines) == query.limit else None
    return Page[ReplyShown](
        items=[ReplyShown.model_validate(line.mail) for line in lines], after=cursors.written(more)
    )


@api.get("/replies/<int:received_id>")
def get_reply(received_id: int) -> ReplyShown:
    """One mail that came."""
    return ReplyShown.model_validate(received_of(work().session, me(), received_id))


@api.get("/replies/<int:received_id>/mime", gives=MAIL)
def get_reply_as_it_came(received_id: int) -> Response:
    """The very bytes that came in."""
    mail = received_of(work().session, me(), received_id)
    return Response(raw_of(work().session, mail), mimetype=MAIL)


@api.post("/replies/<int:received_id>/dispose", example={"do": "interested"})
def dispose_of_reply(received_id: int, body: Disposed) -> ReplyShown:
    """Say what it was; campaigns end or go on as that means."""
    mail = received_of(work().session, me(), received_id, lock=True)
    _dispose(mail, body)
    work().session.flush()
    return get_reply(received_id)


@api.post("/replies/<int:received_id>/again")
def let_reply_wait_again(received_id: int) -> ReplyShown:
    """Take back that it was read."""
    mail = received_of(work().session, me(), received_id, lock=True)
    if mail.disposal is not Disposal.READ:
        raise IllegalMove("This reply was taken care of; what followed from it stands.")
    wait_again(work(), me(), mail)
    return get_reply(received_id)


def _dispose(mail: ReceivedMail, body: Disposed) -> None:
    match body.do:
        case Deed.INTERESTED:
            interested(work(), me(), mail)
        case Deed.NO:
            said_no(work(), me(), mail)
        case Deed.READ:
            dispose(work(), me(), mail, Disposal.READ)
        case Deed.WRONG_PERSON:
            instead = {"email": body.email, "first_name": body.first_name, "last_name": body.last_name}
            wrong_person(work(), me(), mail, instead)
        case Deed.NOT_NOW:
            if body.until is None:
                raise Invalid({"until": "Choose the day on which the person is added again."})
            not_now(work(), me(), mail, body.until)
