"""Seeds: copies that leave with a delivery, as its recipients get it. Outside all figures, listed with the proofs.

The rule: “seed addresses: added to each send, outside figures”. They hang on the delivery, so a pause and a stop hold
them too, and the mailbox's limits count them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.deliveries.models import Delivery, Recipient
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import queue
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork


def add_seeds(uow: UnitOfWork, delivery: Delivery) -> int:
    """Queue a copy for each seed of the team, once a delivery however often it begins; how many."""
    first = _first_recipient(uow.session, delivery.id)
    if first is None:
        return 0
    return len(queue(uow, _rows(uow, delivery, first)))


def _rows(uow: UnitOfWork, delivery: Delivery, first: int) -> Iterator[dict[str, Any]]:
    setup = setup_of(uow.session, delivery)
    mailbox = uow.session.get_one(Mailbox, setup.mailbox_id)
    for profile, stands_in in uow.session.execute(_seeds(delivery)):
        yield {
            "team_id": delivery.team_id,
            "delivery_id": delivery.id,
            "occasion": -profile.id,  # recipients have 0
            "email": profile.email,
            "person_id": stands_in or first,
            "sender_id": mailbox.user_id,
            "mailbox_id": mailbox.id,
            "wording_id": setup.wording_id,
            "zone": mailbox.user.zone,
            "due_at": uow.now,
            "valid_until": delivery.valid_until or uow.now + settings_of(setup).validity,
            "proof": True,
            "proof_of": delivery.id,
        }


def _seeds(delivery: Delivery) -> sa.Select[TestProfile, int | None]:
    """(profile, person it stands in for) of those that this delivery has none of yet."""
    sent = sa.exists().where(Message.delivery_id == delivery.id, Message.occasion == -TestProfile.id)
    return (
        sa.select(TestProfile, Person.id)
        .outerjoin(Person, sa.and_(Person.id == TestProfile.person_id, Person.deleted_at.is_(None)))
        .where(TestProfile.team_id == delivery.team_id, TestProfile.seed, ~sent)
        .order_by(TestProfile.id)
    )


def _first_recipient(session: Session, delivery_id: int) -> int | None:
    query = sa.select(Recipient.person_id).where(Recipient.delivery_id == delivery_id)
    return session.scalar(query.order_by(Recipient.after, Recipient.address_id).limit(1))
