"""What a relay reports about mails that it took: the same feedback as reports that come by mail, by another way."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.incoming.matching import copied_to
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.telling import about
from sales_campaigns.people.models import Address
from sales_campaigns.ports.programs import RelayEvent
from sales_campaigns.unit_of_work import UnitOfWork


def relay_events_came(uow: UnitOfWork, events: Sequence[RelayEvent]) -> int:
    """How many were about mails of ours. Each counts once, whatever the order and however often it comes.

    Whether a copy arrived says nothing of its mail.
    """
    ids = {event.message_id for event in events if event.message_id}
    found = uow.session.scalars(sa.select(Message).where(Message.message_id.in_(ids)))
    messages = {message.message_id: message for message in found}
    named = [(event, messages[event.message_id]) for event in events if event.message_id in messages]
    known = [(event, message) for event, message in named if not _about_copy(event, message)]
    take(uow, [_feedback(event, message) for event, message in known])
    _complaints(uow, [message for event, message in known if event.kind == ReportKind.COMPLAINT])
    return len(known)


def _about_copy(event: RelayEvent, message: Message) -> bool:
    return event.kind != ReportKind.COMPLAINT and event.recipient in copied_to(message.cc, message.bcc)


def _feedback(event: RelayEvent, message: Message) -> Feedback:
    answer = Answered(event.code, event.enhanced, event.words)
    return Feedback(message.id, f"relay-{event.id}"[:200], ReportKind(event.kind), answer)


def _complaints(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """What follows for the address and its campaigns follows from the activity; a second one changes nothing."""
    emails = {message.email.lower() for message in messages}
    new = set(
        uow.session.scalars(
            sa.select(Address.email).where(Address.email.in_(emails), Address.complained_at.is_(None))
        )
    )
    for message in {one.email.lower(): one for one in messages}.values():
        if message.email.lower() in new:
            uow.record("complaint.received", **about(message))
