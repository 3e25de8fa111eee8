"""What decides about many mails at once, read in flat queries: their holds, their mailboxes, whom they are for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.explaining.mail_gates import Sending
from sales_campaigns.messages.facts import facts_of, stopped_by
from sales_campaigns.messages.holds import named_by
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import OPTED_OUT, first_cause
from sales_campaigns.presence import time_is_kept

CHUNK = 500


def sendings_of(
    session: Session, messages: Collection[Message], now: datetime, speed: float = 1.0
) -> dict[int, Sending]:
    """Message → what is known of it; three queries for each 500 of them."""
    rows, found, kept = list(messages), {}, bool(messages) and time_is_kept(session)
    for first in range(0, len(rows), CHUNK):
        chunk = rows[first : first + CHUNK]
        holds = _holds(session, {name for message in chunk for name in named_by(message)})
        parties = _parties(session, [message.id for message in chunk])
        for message in chunk:
            mailbox, sender, cause = parties[message.id]
            found[message.id] = _sending(message, mailbox, sender, cause, holds, now, speed, kept)
    return found


def _sending(
    message: Message,
    mailbox: Mailbox,
    sender: User,
    cause: str | None,
    holds: dict[tuple[str, int], Hold],
    now: datetime,
    speed: float,
    keeps_time: bool,
) -> Sending:
    names = named_by(message)
    stopped = stopped_by(names, holds)
    retrying = message.state is MessageState.RETRYING
    waits = not retrying and message.act_at > message.due_at
    return Sending(
        facts=facts_of(message, mailbox, sender, stopped, cause, now),
        holds=names,
        stopped=stopped,
        person_id=message.person_id,
        mailbox=mailbox.address,
        owner_id=mailbox.user_id,
        trouble=mailbox.trouble_now,
        speed=speed,
        keeps_time=keeps_time,
        retry_at=message.act_at if retrying else None,
        words=message.words,
        release_at=message.act_at if waits else None,
        paced=message.reason == "paced",
    )


def _holds(session: Session, names: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Hold]:
    rows = session.scalars(sa.select(Hold).where(sa.tuple_(Hold.kind, Hold.key).in_(list(names))))
    return {(hold.kind, hold.key): hold for hold in rows}


def _parties(session: Session, ids: Sequence[int]) -> dict[int, tuple[Mailbox, User, str | None]]:
    cause = sa.case((Message.despite_opt_out, first_cause(OPTED_OUT)), else_=first_cause())
    rows = session.execute(
        sa.select(Message.id, Mailbox, User, cause)
        .join(Mailbox, Mailbox.id == Message.mailbox_id)
        .join(User, User.id == Message.sender_id)
        .join(Person, Person.id == Message.person_id)
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Message.id.in_(ids))
        .options(lazyload(Mailbox.user), lazyload(User.team))
    )
    return {id: (mailbox, sender, forbids) for id, mailbox, sender, forbids in rows}
