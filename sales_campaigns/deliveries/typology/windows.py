"""How often an address was and will be written to: contacts in time, and rolling windows over them, as SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from sales_campaigns.database import UtcDateTime
from sales_campaigns.deliveries.models import Delivery, Recipient
from sales_campaigns.deliveries.states import CONFIRMED
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person

NEVER_LEFT = frozenset({MessageState.CANCELLED, MessageState.EXPIRED, MessageState.FAILED})


Waiting = Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Pressure:
    """At most `messages` to one address, or to one company, in any window of `span`; `cause` names the rule."""

    cause: str
    messages: int
    span: timedelta
    company: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    waiting: Waiting
    without: Collection[int]
    person: Any = None  # whose address it is, where nobody else has it: one look-up less


class seconds_after(GenericFunction[datetime]):  # noqa: N801  the name it has in SQL
    """An instant and a number of seconds: the instant so much later, on both databases."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(seconds_after, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    instant, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({instant} + make_interval(secs => {seconds}))"


@compiles(seconds_after, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    instant, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(strftime('%Y-%m-%d %H:%M:%f', {instant}, ({seconds}) || ' seconds') || '000')"


def too_often(
    address: Any,
    limit: Pressure,
    at: datetime,
    waiting: Waiting,
    without: Collection[int] = (),
    person: Any = None,
    near: sa.ColumnElement[bool] | None = None,
) -> sa.ColumnElement[bool]:
    """Whether one more mail to `address` at `at` makes more than are allowed in some rolling window; messages
    `without` which it is counted are those that would move to `at`. `person` is the only one with the address; `near`
    says whether there are enough contacts around `at`, where that is known already.

    The rule: what was sent and what is scheduled count. A window that matters begins at an earlier contact less
    than its span before, or at the mail itself. Windows are counted one by one only where there are enough contacts
    around `at` at all; each count is a look-up in an index, however long the history is.
    """
    most, span = limit.messages, limit.span
    known = _Known(waiting, without, person)
    earlier = _contacts(address, known).alias("earlier")
    end = seconds_after(earlier.c.at, int(span.total_seconds()))
    full = _number(address, known, earlier.c.at, end) >= most
    begun = sa.exists().where(earlier.c.at > at - span, earlier.c.at <= at, full)
    own = _number(address, known, _instant(at), _instant(at + span)) >= most
    if near is None:
        near = _number(address, known, _instant(at - span), _instant(at + span)) >= most
    return sa.and_(near, sa.or_(begun, own))


def waiting_now(session: Session) -> Waiting:
    """The confirmed deliveries that have recipients for whom no message is made yet, with their start."""
    some = sa.exists().where(Recipient.delivery_id == Delivery.id).correlate(Delivery)
    rows = session.execute(
        sa.select(Delivery.id, Delivery.starts_at).where(
            Delivery.state.in_(CONFIRMED), Delivery.starts_at.is_not(None), some
        )
    )
    return {delivery_id: starts_at for delivery_id, starts_at in rows if starts_at}


def counts() -> sa.ColumnElement[bool]:
    """What was sent and what is scheduled: neither proofs nor mails that will never leave."""
    return sa.and_(~Message.proof, Message.state.not_in(NEVER_LEFT))


def contact_of_message() -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(Message.sent_at, Message.due_at).label("at")


def contact_to_come(starts_at: datetime) -> sa.ColumnElement[datetime]:
    """Whoever waits for somebody's word, or for the winner of a test, counts from the start of the delivery."""
    return seconds_after(_instant(starts_at), sa.func.coalesce(Recipient.after, 0)).label("at")


def _instant(at: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(at, UtcDateTime())


def _number(address: Any, known: _Known, begin: Any, end: Any) -> Any:
    contacts = _contacts(address, known).alias()
    return (
        sa.select(sa.func.count())
        .select_from(contacts)
        .where(contacts.c.at >= begin, contacts.c.at < end)
        .scalar_subquery()
    )


def _contacts(address: Any, known: _Known) -> sa.CompoundSelect[Any]:
    """(at) of what was sent and what is scheduled to this address, whoever has it."""
    messages = _mails_to(address, known.person, sa.select(contact_of_message())).where(counts())
    if known.without:
        messages = messages.where(Message.id.not_in(known.without))
    return sa.union_all(messages, *(_to_come(address, one, start) for one, start in known.waiting.items()))


def _mails_to(address: Any, person: Any, mails: sa.Select[Any]) -> sa.Select[Any]:
    if person is not None:
        return mails.where(Message.person_id == person).correlate_except(Message)
    reached = sa.orm.aliased(Person)
    theirs = mails.join(reached, Message.person_id == reached.id).where(reached.address_id == address)
    return theirs.correlate_except(reached, Message)


def _to_come(address: Any, delivery_id: int, starts_at: datetime) -> sa.Select[Any]:
    return (
        sa.select(contact_to_come(starts_at))
        .where(Recipient.delivery_id == delivery_id, Recipient.address_id == address)
        .correlate_except(Recipient)
    )
