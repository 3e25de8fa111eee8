"""The logs of a delivery: what became of each recipient, and who was left out and why. Pages and whole exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Delivery, Exclusion, Recipient
from sales_campaigns.messages.feedback.fates import Fate, fate_of, is_tried_again
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person

PAGE = 50
EXPORTED = 5_000  # rows read at a time


class Status(StrEnum):
    """What became of a recipient, as the log is narrowed."""

    TO_COME = "to_come"
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


STATUS_WORDS = {
    Status.TO_COME: "To come",
    Status.PENDING: "Pending",
    Status.SENT: "Sent",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Cancelled",
    Status.UNCERTAIN: "Uncertain",
}
_FATES = {
    Status.PENDING: (Fate.WAITS, Fate.IN_FLIGHT, Fate.RELAYED),
    Status.SENT: (Fate.SENT,),
    Status.FAILED: (Fate.FAILED,),
    Status.CANCELLED: (Fate.CANCELLED,),
    Status.UNCERTAIN: (Fate.UNCERTAIN,),
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One recipient. `key` continues the list; `message_id` is None for those for whom no message is made yet."""

    key: int
    person_id: int
    name: str
    email: str
    status: Status
    at: datetime | None
    words: str
    message_id: int | None
    retrying: bool = False  # it came back for now, and is tried again
    variant: str = ""  # that it tries, in a delivery with an A/B test


@dataclass(frozen=True, slots=True)
class ExclusionLine:
    key: int
    person_id: int
    name: str
    email: str
    cause: str
    words: str
    at: datetime


def sending_log(
    session: Session,
    delivery: Delivery,
    *,
    status: Status | None = None,
    words: str = "",
    after: int = 0,
    limit: int = PAGE,
) -> list[LogLine]:
    """Recipients in the order in which their messages were made; those to come by their address."""
    if status is Status.TO_COME:
        return _to_come(session, delivery, words, after, limit)
    query = (
        sa.select(Message, Person, fate_of())
        .join(Person, Person.id == Message.person_id)
        .where(
            Message.delivery_id == delivery.id,
            ~Message.proof,
            Message.id > after,
            *_named(words, Message.email),
        )
        .order_by(Message.id)
        .limit(limit)
    )
    if status is not None:
        query = query.where(fate_of().in_(_FATES[status]))
    return [_line(*row) for row in session.execute(query)]


def exclusion_log(
    session: Session,
    delivery: Delivery,
    *,
    cause: str = "",
    words: str = "",
    after: int = 0,
    limit: int = PAGE,
) -> list[ExclusionLine]:
    query = (
        sa.select(Exclusion, Person)
        .join(Person, Person.id == Exclusion.person_id)
        .where(Exclusion.delivery_id == delivery.id, Exclusion.id > after, *_named(words, Person.email))
        .order_by(Exclusion.id)
        .limit(limit)
    )
    if cause:
        query = query.where(Exclusion.cause == cause)
    return [
        ExclusionLine(row.id, person.id, person.name, person.email, row.cause, row.words, row.at)
        for row, person in session.execute(query)
    ]


def sending_rows(session: Session, delivery: Delivery, status: Status | None) -> Iterator[Sequence[Any]]:
    """The whole log for a file, read in batches."""
    for wanted in [status] if status else [None, Status.TO_COME]:
        after = 0
        while lines := sending_log(session, delivery, status=wanted, after=after, limit=EXPORTED):
            after = lines[-1].key
            for line in lines:
                at = line.at.isoformat() if line.at else ""
                yield (line.email, line.name, status_words(line), at, line.words, line.variant)
            session.expunge_all()


def exclusion_rows(
    session: Session, delivery: Delivery, cause: str, sentences: dict[str, str]
) -> Iterator[Sequence[Any]]:
    after = 0
    while lines := exclusion_log(session, delivery, cause=cause, after=after, limit=EXPORTED):
        after = lines[-1].key
        for line in lines:
            yield (line.email, line.name, line.cause, line.words or sentences.get(line.cause, ""))
        session.expunge_all()


def _to_come(session: Session, delivery: Delivery, words: str, after: int, limit: int) -> list[LogLine]:
    rows = session.execute(
        sa.select(Recipient.address_id, Address.email, Person, Recipient.variant)
        .join(Address, Address.id == Recipient.address_id)
        .join(Person, Person.id == Recipient.person_id)
        .where(
            Recipient.delivery_id == delivery.id, Recipient.address_id > after, *_named(words, Address.email)
        )
        .order_by(Recipient.address_id)
        .limit(limit)
    )
    return [
        LogLine(key, person.id, person.name, email, Status.TO_COME, None, "", None, variant=variant)
        for key, email, person, variant in rows
    ]


def status_of(fate: str) -> Status:
    return next(name for name, fates in _FATES.items() if fate in fates)


def _line(message: Message, person: Person, fate: str) -> LogLine:
    status = status_of(fate)
    at = message.sent_at or message.ended_at or message.due_at
    again = is_tried_again(message)
    return LogLine(
        message.id,
        person.id,
        person.name,
        message.email,
        status,
        at,
        message.words,
        message.id,
        again,
        message.variant,
    )


def _named(words: str, email: Any) -> list[sa.ColumnElement[bool]]:
    columns = (Person.first_name, Person.last_name, Person.company, email)
    return [
        sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words.split()[:5]
    ]


def status_words(line: LogLine) -> str:
    return STATUS_WORDS[line.status] + (" (retrying)" if line.retrying else "")
