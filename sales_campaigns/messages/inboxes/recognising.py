"""Our own mails among the sent ones of a mailbox: their copies say that they left, and what they are really called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.handing_over.draft_ids import send_key
from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.naming import call_it
from sales_campaigns.messages.settling import FOUND
from sales_campaigns.messages.states import LEFT, MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.ports import Found, IncomingMail, Place
from sales_campaigns.unit_of_work import UnitOfWork

KEY = b"x-sales-campaigns-key"
HEAD = 20_000  # bytes in which the headers stand


def recognise(uow: UnitOfWork, box: Mailbox, mails: Iterable[IncomingMail]) -> int:
    """Learn from copies that carry a key of ours; how many mails were settled or got their real names by them."""
    copies = dict(_keyed(mails))
    ids = [int(key.partition(".")[0]) for key in copies if key.partition(".")[0].isdecimal()]
    if not ids:
        return 0
    rows = uow.session.scalars(
        sa.select(Message)
        .where(Message.id.in_(ids), Message.mailbox_id == box.id)
        .order_by(Message.id)
        .with_for_update()
    )
    return sum(_learn(uow, row, copies[send_key(row)]) for row in rows.all() if send_key(row) in copies)


def it_left(uow: UnitOfWork, message: Message, found: Found) -> None:
    """A mail in doubt stands among the sent ones: it counts as sent, and the next step follows."""
    told = {**about(message), "data": {"words": FOUND}}
    settled = {"sent_at": message.due_at, "ended_at": uow.now, "words": FOUND, "came_back_at": None}
    uow.move(MESSAGE, message, "accept", about=told, **settled, **_names(message, found))
    call_it(uow, message.id, found.message_id)


def _learn(uow: UnitOfWork, message: Message, found: Found) -> bool:
    if message.state is MessageState.UNCERTAIN:
        it_left(uow, message, found)
        return True
    if message.state not in LEFT:
        return False
    new = {name: value for name, value in _names(message, found).items() if getattr(message, name) != value}
    for name, value in new.items():
        setattr(message, name, value)
    return call_it(uow, message.id, found.message_id) or bool(new)


def _names(message: Message, found: Found) -> dict[str, Any]:
    return {"provider_id": found.id, "thread_id": found.thread_id or message.thread_id}


def _keyed(mails: Iterable[IncomingMail]) -> Iterator[tuple[str, Found]]:
    for mail in mails:
        if mail.own and (mail.send_key or KEY in mail.raw[:HEAD].lower()):
            facts = facts_of(parsed(mail.raw))
            found = Found(Place.SENT, mail.uid, facts.message_id or None, mail.thread_id, mail.at)
            yield mail.send_key or facts.headers.get(KEY.decode(), ""), found
