"""Locks in the order of the gate, for whoever changes an address and stops its mail in one transaction.

The gate holds the rows of holds, then a mail, then its address. Who takes an address first and its mails afterwards
would wait for the gate while the gate waits for it, and the database would give one of the two up.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.messages.models import LIVE, Hold, Message
from sales_campaigns.people.models import Person


def lock_mail_to(session: Session, address_ids: Collection[int]) -> None:
    """Before an address is written: what may be at the gate for it, whoever has it, and what would stop it."""
    live = sa.text(f"message.{LIVE}")
    people = sa.select(Person.id).where(Person.address_id.in_(address_ids))
    enrollments = sa.select(Message.enrollment_id).where(Message.person_id.in_(people), live)
    holds = sa.select(Hold.key).where(Hold.kind == "enrollment", Hold.key.in_(enrollments))
    session.execute(holds.order_by(Hold.kind, Hold.key).with_for_update()).all()
    mails = sa.select(Message.id).join(Person, Person.id == Message.person_id)
    mails = mails.where(Person.address_id.in_(address_ids), live)
    in_order = mails.order_by(Person.address_id, Person.id, Message.id)
    session.execute(in_order.with_for_update(of=Message)).all()
