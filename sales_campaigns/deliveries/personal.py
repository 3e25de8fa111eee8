"""A rep's own mail to one person: a delivery of its own with its hold, and one message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.content.models import Wording
from sales_campaigns.content.quoting import reply_subject
from sales_campaigns.content.template_list import template_of
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.messages.incoming.disposing import answered
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.reading import wrote_last
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import (
    Typed,
    Words,
    check_typed,
    follows,
    opening_subject,
    own_mailbox,
    words_for,
)
from sales_campaigns.messages.queueing import queue
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import OPTED_OUT, why_not
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Thread:
    """What a mail answers: an earlier mail of ours that left, or a received one, or nothing."""

    message: Message | None = None
    received: ReceivedMail | None = None


NEW = Thread()


def opening(session: Session, actor: User, person: Person, template_id: int | None, thread: Thread) -> Words:
    """What the composer opens with: the template filled in, or nothing. Raises NotFound for a hidden template."""
    wording = None
    if template_id is not None:
        wording = session.get(Wording, template_of(session, actor, template_id).wording_id)
    words = words_for(content_of(wording), person, actor, own_mailbox(session, actor))
    if thread.received is not None:
        return replace(words, subject=words.subject or reply_subject(thread.received.subject))
    return replace(words, subject=opening_subject(words, thread.message))


def files_of(session: Session, actor: User, template_id: int | None) -> int | None:
    """The bundle that a template brings into the composer."""
    if template_id is None:
        return None
    return content_of(session.get(Wording, template_of(session, actor, template_id).wording_id)).bundle_id


def write_personal(
    uow: UnitOfWork,
    actor: User,
    person: Person,
    typed: Typed,
    *,
    thread: Thread = NEW,
    answer_opted_out: bool = True,
) -> Message:
    """Put it into the outbox, to leave now or at `typed.send_at`. The same form posted twice is one mail.

    Raises Invalid for what cannot be sent, also when this person must not be mailed. The one exception, which
    `answer_opted_out` forbids: a hand-written answer to a person who opted out but wrote last, after a notice.
    """
    require(actor, "work_tasks")
    known = _known(uow, actor, typed)
    if known is not None:
        return known
    despite = _despite_opt_out(uow.session, person, thread) if answer_opted_out else False
    refuse_suppressed(uow, person, OPTED_OUT if despite and typed.despite_opt_out else "")
    mailbox = own_mailbox(uow.session, actor)
    copies = check_typed(typed, person, actor, mailbox, uow.now)
    delivery = delivery_for(uow, actor, typed.subject, typed.key)
    row = {**draft_row(uow, actor, person, typed, thread), **copies, "delivery_id": delivery.id}
    (message_id,) = queue(uow, [{**row, "despite_opt_out": despite}])
    if thread.received is not None:
        answered(uow, actor, thread.received, message_id)
    message = uow.session.get_one(Message, message_id)
    uow.record(
        "message.queued",
        actor_id=actor.id,
        team_id=person.team_id,
        person_id=person.id,
        message_id=message_id,
        data={
            "subject": typed.subject,
            "due_at": message.due_at.isoformat(),
            **({"despite_opt_out": True} if despite else {}),
        },
    )
    return message


def draft_row(
    uow: UnitOfWork, actor: User, person: Person, typed: Typed, thread: Thread = NEW
) -> dict[str, Any]:
    """The columns of the message, all but its delivery and the copies: also for a preview."""
    earlier = follows(uow.session, thread.message.id) if thread.message is not None else None
    return {
        "team_id": person.team_id,
        "occasion": person.id,
        "email": person.email.lower(),
        "person_id": person.id,
        "sender_id": actor.id,
        "mailbox_id": own_mailbox(uow.session, actor).id,
        "edited_subject": typed.subject,
        "edited_html": typed.html,
        "bundle_id": typed.bundle_id,
        "follows_id": earlier.id if earlier is not None else None,
        "quoted": "sent" if earlier is not None else "",
        "replies_to_id": thread.received.id if thread.received is not None else None,
        "zone": actor.zone,
        "due_at": typed.send_at or uow.now,
    }


def may_answer_all_the_same(session: Session, person: Person, thread: Thread) -> bool:
    """Whether this person opted out, and nothing but that forbids an answer to what they wrote last."""
    return _despite_opt_out(session, person, thread) and why_not(session, person.id, OPTED_OUT) is None


def _despite_opt_out(session: Session, person: Person, thread: Thread) -> bool:
    cause = why_not(session, person.id)
    opted_out = cause is not None and cause.name == OPTED_OUT
    return opted_out and thread.received is not None and wrote_last(session, thread.received)


def refuse_suppressed(uow: UnitOfWork, person: Person, besides: str = "") -> None:
    """Raises Invalid with the reason when this person must not be mailed."""
    cause = why_not(uow.session, person.id, besides)
    if cause is not None:
        raise Invalid(cause.sentence)


def _known(uow: UnitOfWork, actor: User, typed: Typed) -> Message | None:
    """The mail that this form has made already. The sender's row is locked, so that two tabs are one mail."""
    if not typed.key:
        return None
    uow.session.execute(sa.select(User.id).where(User.id == actor.id).with_for_update(of=User))
    return uow.session.scalar(
        sa.select(Message)
        .join(Delivery, Delivery.id == Message.delivery_id)
        .where(
            Delivery.kind == DeliveryKind.PERSONAL,
            Delivery.owner_id == actor.id,
            Delivery.step_key == typed.key[:32],
        )
    )


def delivery_for(uow: UnitOfWork, actor: User, subject: str, key: str = "") -> Delivery:
    """What one mail of a rep belongs to; `key` names the form it was written in."""
    delivery = Delivery(
        team_id=actor.team_id,
        owner_id=actor.id,
        kind=DeliveryKind.PERSONAL,
        name=subject[:300],
        step_key=key[:32] or None,  # a personal mail has no step; the name of its form stands here
        created_at=uow.now,
    )
    uow.session.add(delivery)
    uow.session.flush()
    make_holds(uow.session, "delivery", [delivery.id])
    return delivery
