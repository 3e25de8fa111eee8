"""Retry: a mail that failed for good is written once more, as a new attempt of the same thing."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.holds import named_by
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.messages.queueing import cancel_many, next_attempts, queue
from sales_campaigns.messages.telling import about
from sales_campaigns.people.suppression import why_not
from sales_campaigns.unit_of_work import UnitOfWork

COPIED = (
    "team_id", "delivery_id", "occasion", "email", "campaign_id", "enrollment_id", "step_key", "person_id",
    "sender_id", "mailbox_id", "wording_id", "variant", "edited_subject", "edited_html", "follows_id", "quoted", "cc",
    "bcc", "zone", "bundle_id",
)  # fmt: skip
RETRIED = frozenset({MessageState.FAILED, MessageState.EXPIRED, MessageState.CANCELLED})


def write_again(uow: UnitOfWork, actor: User, message: Message) -> Message:
    """A new message with the same words, due now. The message is locked by the caller.

    Raises IllegalMove when it did not fail or was retried already, Invalid when the person must not be mailed.
    """
    require(actor, "work_tasks")
    if message.state not in RETRIED:
        raise IllegalMove("Only a mail that did not leave can be sent again.")
    stopped = _stopped(uow, message)
    if stopped is not None:
        raise IllegalMove(f"It is not sent again: {stopped}.")
    cause = why_not(uow.session, message.person_id)
    if cause is not None:
        raise Invalid(cause.sentence)
    attempts = next_attempts(uow, [message.delivery_id], [message.occasion])
    attempt = attempts[message.delivery_id, message.occasion]
    if attempt != message.attempt + 1:
        raise IllegalMove("This mail was sent again already.")
    row = {name: getattr(message, name) for name in COPIED}
    (new_id,) = queue(uow, [{**row, "attempt": attempt, "due_at": uow.now}])
    uow.record("message.retried", actor_id=actor.id, **about(message), data={"new": new_id})
    return uow.session.get_one(Message, new_id)


def _stopped(uow: UnitOfWork, message: Message) -> str | None:
    """Why a new mail of the same thing would wait for ever: its campaign ended for this person, for example."""
    names = named_by(message)
    return uow.session.scalar(
        sa.select(Hold.why).where(sa.tuple_(Hold.kind, Hold.key).in_(names), Hold.stopped).limit(1)
    )


def call_off(uow: UnitOfWork, actor: User, message: Message) -> None:
    """Cancel a mail that waits. Raises IllegalMove when it is leaving already."""
    require(actor, "work_tasks")
    if not cancel_many(uow, f"{actor.name} cancelled it", Message.id == message.id):
        raise IllegalMove("It is too late: the mail has left, or is leaving now.")
    told = {**about(message), "actor_id": actor.id}
    uow.record("message.cancelled", **told, data={"words": f"{actor.name} cancelled it"})
