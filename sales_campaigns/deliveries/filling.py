"""Fill the outbox: recipients that are due become messages, as many as there is room for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Exclusion,
    Recipient,
)
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.deliveries.variants.reading import FIRST, ab_test_of, wordings_of
from sales_campaigns.messages.models import LIVE, Message, MessageState
from sales_campaigns.people.models import Address
from sales_campaigns.unit_of_work import UnitOfWork

MOST_WAITING = 2_000  # messages of one delivery in the outbox
TURN = {"high": 0, "normal": 1, "low": 2}


def make_messages(uow: UnitOfWork, delivery: Delivery, after: int, due_at: datetime, room: int) -> None:
    """Move the next recipients into the outbox: a recipient is a row here or a message there, never both."""
    session = uow.session
    due = [Recipient.delivery_id == delivery.id, Recipient.after == after]
    next_ones = sa.select(Recipient.address_id).where(*due).order_by(Recipient.address_id).limit(room)
    last = session.scalar(sa.select(sa.func.max(next_ones.subquery().c.address_id)))
    due.append(Recipient.address_id <= last)
    if delivery.kind is DeliveryKind.CONTINUOUS:
        _keep_back(uow, delivery, due)
    row = _row(session, delivery, due_at, uow.now)
    own = _own(session, delivery)
    columns = [*row, *own]
    chosen = sa.select(*row.values(), *own.values())
    chosen = (
        chosen.join(Address, Address.id == Recipient.address_id).where(*due).order_by(Recipient.address_id)
    )
    session.execute(sa.insert(Message).from_select(columns, chosen))
    session.execute(sa.delete(Recipient).where(*due))


def _keep_back(uow: UnitOfWork, delivery: Delivery, due: list[sa.ColumnElement[bool]]) -> None:
    """The rule: one row per person in a continuous delivery, also where the address of the person has changed.

    The sums keep SQLite from reading all mails of the delivery instead of the few of the person.
    """
    had = sa.exists().where(
        Message.person_id == Recipient.person_id,
        Message.delivery_id + 0 == delivery.id,
        Message.occasion + 0 == Recipient.occasion,
    )
    twice = [*due, had.correlate(Recipient)]
    shared = (sa.literal("duplicate"), sa.literal(""), sa.literal(uow.now, Exclusion.at.type))
    chosen = sa.select(Recipient.delivery_id, Recipient.occasion, Recipient.person_id, *shared)
    columns = ["delivery_id", "occasion", "person_id", "cause", "words", "at"]
    uow.session.execute(sa.insert(Exclusion).from_select(columns, chosen.where(*twice)))
    uow.session.execute(sa.delete(Recipient).where(*twice).execution_options(synchronize_session=False))


def _row(
    session: Session, delivery: Delivery, due_at: datetime, now: datetime
) -> dict[str, sa.ColumnElement[object]]:
    """The columns that all its messages share. A continuous delivery has no end: each mail is valid for its time."""
    setup = setup_of(session, delivery)
    mailbox = session.get_one(Mailbox, setup.mailbox_id)
    sender = session.get_one(User, mailbox.user_id)
    shared = {
        "team_id": delivery.team_id,
        "delivery_id": delivery.id,
        "attempt": 1,
        "sender_id": sender.id,
        "mailbox_id": mailbox.id,
        "zone": sender.zone,
        "due_at": due_at,
        "act_at": now,
        "valid_until": delivery.valid_until or due_at + settings_of(setup).validity,
        "created_at": now,
        "state": MessageState.PENDING,
    }
    return {name: sa.literal(value, getattr(Message, name).type) for name, value in shared.items()}


def _own(session: Session, delivery: Delivery) -> dict[str, Any]:
    """The columns that are each recipient's own."""
    return {
        "occasion": Recipient.occasion,
        "email": Address.email,
        "person_id": Recipient.person_id,
        "variant": Recipient.variant,
        "wording_id": _wording(session, delivery),
    }


def _wording(session: Session, delivery: Delivery) -> sa.ColumnElement[int]:
    """What a recipient gets: the variant that it tries; in the rest the winner, where there was a test."""
    setup, test = setup_of(session, delivery), ab_test_of(session, delivery.id)
    if test is None:
        return sa.literal(setup.wording_id, Message.wording_id.type)
    wordings = wordings_of(session, setup)
    return sa.case(wordings, value=Recipient.variant, else_=wordings[test.winner or FIRST])


def others_first(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery of higher priority from the same mailbox has recipients due."""
    own = setup_of(session, delivery)
    mine = TURN[settings_of(own).priority]
    rivals = session.scalars(
        sa.select(DeliverySetup)
        .join(Delivery, Delivery.id == DeliverySetup.delivery_id)
        .where(
            DeliverySetup.mailbox_id == own.mailbox_id,
            Delivery.id != delivery.id,
            Delivery.state == DeliveryState.IN_PROGRESS,
            Delivery.next_at <= now,
        )
    )
    return any(TURN[settings_of(rival).priority] < mine for rival in rivals)


def waiting_messages(session: Session, delivery: Delivery) -> int:
    mine = sa.select(Message.id).where(Message.delivery_id == delivery.id, sa.text(f"message.{LIVE}"))
    return session.scalar(sa.select(sa.func.count()).select_from(mine.limit(MOST_WAITING).subquery())) or 0
