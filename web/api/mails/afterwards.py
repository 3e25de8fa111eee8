"""A mail that has left, or could not: try it again, say what became of it, put it away."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.ending import end_uncertain
from sales_campaigns.messages import settling
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.keeping import archive, mark_success, remove
from sales_campaigns.messages.outbox.resending import write_again
from sales_campaigns.unit_of_work import UnitOfWork
from web.api.mails.messages import after, get_message, locked
from web.api.mails.shapes import MessageWhole
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked
from web.request_scope import me, work

api = Area("messages", "")


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


@api.post("/messages/<int:message_id>/retry", status=201)
def retry_message(message_id: int) -> MessageWhole:
    """Try a mail once more that failed: a new mail with the same words."""
    again = write_again(work(), me(), locked(message_id))
    work().session.flush()
    return get_message(again.id)


@api.post("/messages/<int:message_id>/settle", example={"answer": "sent"})
def settle_message(message_id: int, body: Settled) -> MessageWhole:
    """Say what became of a mail whose outcome nobody knows."""
    message = locked(message_id)
    ANSWERS[body.answer](work(), me(), message)
    return after(message)


@api.post("/messages/<int:message_id>/archive", example={"on": True})
def archive_message(message_id: int, body: Switched) -> MessageWhole:
    """Archived, opens and clicks no longer count. `on` false brings it back."""
    message = locked(message_id)
    archive(work(), me(), message, away=body.on)
    return after(message)


@api.post("/messages/<int:message_id>/success", example={"on": True})
def mark_message(message_id: int, body: Switched) -> MessageWhole:
    """Mark it as a success, or not."""
    message = locked(message_id)
    mark_success(work(), me(), message, reached=body.on)
    return after(message)


@api.post("/messages/<int:message_id>/remove", status=204, example={"on": True})
def remove_message(message_id: int, body: Switched) -> None:
    """Take it from the list; mails of campaigns stay. `on` false brings it back."""
    remove(work(), me(), locked(message_id), away=body.on)


ANSWERS: dict[Answer, Callable[[UnitOfWork, User, Message], None]] = {
    Answer.SENT: settling.say_it_was_sent,
    Answer.AGAIN: settling.send_again,
    Answer.SKIP: settling.give_it_up,
    Answer.END: end_uncertain,
}
