"""What a person says about a message that nobody else can know: it was sent, or it was not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.retrying import usual_validity
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.unit_of_work import UnitOfWork

ANSWERED = "An answer came: it had left."
FOUND = "It stands among the sent mails of its mailbox: it had left."


def say_it_was_sent(uow: UnitOfWork, actor: User, message: Message) -> None:
    """The rep found it in the mailbox: it counts as sent, and the next step follows."""
    _only_uncertain(message)
    told = {**about(message), "actor_id": actor.id, "data": {"words": f"{actor.name} says that it was sent."}}
    uow.move(MESSAGE, message, "accept", about=told, sent_at=message.due_at, ended_at=uow.now)


def send_again(uow: UnitOfWork, actor: User, message: Message) -> None:
    """The rep is sure that it did not leave: it waits again, under the same Message-ID, so a copy would show."""
    _only_uncertain(message)
    told = {**about(message), "actor_id": actor.id, "data": {"words": f"{actor.name} sends it again."}}
    uow.move(
        MESSAGE,
        message,
        "send_again",
        about=told,
        act_at=uow.now,
        late_at=None,
        valid_until=_later(uow, message),
    )


def give_it_up(uow: UnitOfWork, actor: User, message: Message) -> None:
    """Whether it left or not, the campaign goes on without it."""
    _only_uncertain(message)
    told = {**about(message), "actor_id": actor.id}
    uow.move(MESSAGE, message, "fail", about=told, reason="given_up", ended_at=uow.now)


def it_arrived(uow: UnitOfWork, message_ids: Iterable[int], words: str = ANSWERED) -> None:
    """An answer to a mail proves that it left, whatever was known of its hand-over; so does a copy of the server's."""
    uncertain = sa.select(Message).where(
        Message.id.in_(list(message_ids)), Message.state == MessageState.UNCERTAIN
    )
    for message in uow.session.scalars(uncertain.with_for_update()).all():
        told = {**about(message), "data": {"words": words}}
        uow.move(MESSAGE, message, "accept", about=told, sent_at=message.due_at, ended_at=uow.now)


def _only_uncertain(message: Message) -> None:
    if message.state is not MessageState.UNCERTAIN:
        raise IllegalMove("This mail is settled already.")


def _later(uow: UnitOfWork, message: Message) -> datetime:
    return max(message.valid_until, uow.now + usual_validity(uow.session))
