"""The proofs and seeds of a delivery, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.logs import STATUS_WORDS, status_of
from sales_campaigns.messages.feedback.fates import fate_of
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person

LISTED = 500


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One mail. `number` of the proof, None for a seed; `person` is who it was rendered for; `words` of the server."""

    message_id: int
    number: int | None
    email: str
    person: str
    status: str
    at: datetime
    words: str
    variant: str = ""

    @property
    def kind(self) -> str:
        if not self.number:
            return "Seed"
        return f"Proof {self.number}" + (f", variant {self.variant}" if self.variant else "")


def proofs_of(session: Session, delivery_id: int) -> list[ProofLine]:
    """The newest first, in one query."""
    rows = session.execute(
        sa.select(Message, Person, fate_of())
        .join(Person, Person.id == Message.person_id)
        .where(Message.proof_of == delivery_id)
        .order_by(Message.id.desc())
        .limit(LISTED)
    )
    return [
        ProofLine(
            message.id,
            message.proof_number,
            message.email,
            person.name,
            STATUS_WORDS[status_of(fate)],
            message.sent_at or message.ended_at or message.due_at,
            message.words,
            message.variant,
        )
        for message, person, fate in rows
    ]
