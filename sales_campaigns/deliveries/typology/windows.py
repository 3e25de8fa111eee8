"""How often an address was and will be written to: contacts in time, and rolling windows over them, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from sales_campaigns.database import UtcDateTime
from sales_campaigns.deliveries.models import Delivery, Recipient
from sales_campaigns.deliveries.states import CONFIRMED
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person

NEVER_LEFT = frozenset({MessageState.CANCELLED, MessageState.EXPIRED, MessageState.FAILED})


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
    address: Any, messages: int, span: timedelta, at: datetime, people: Sequence[sa.ColumnElement[bool]]
) -> sa.ColumnElement[bool]:
    """Whether one more mail to `address` at `at` makes more than `messages` in some rolling window of `span`.

    The rule: what was sent and what is scheduled count. A window that matters begins at an earlier contact less
    than `span` before, or at the mail itself. `people` (conditions on Person) are those who are judged: one look at
    all of their contacts leaves few addresses whose windows are counted one by one.
    """
    earlier = _contacts(address).alias("earlier")
    full = _number(address, earlier.c.at, seconds_after(earlier.c.at, int(span.total_seconds()))) >= messages
    begun = sa.exists().where(earlier.c.at > at - span, earlier.c.at <= at, full)
    own = _number(address, sa.literal(at, UtcDateTime()), sa.literal(at + span, UtcDateTime())) >= messages
    return sa.and_(address.in_(_crowded(messages, span, at, people)), sa.or_(begun, own))


def _crowded(
    messages: int, span: timedelta, at: datetime, people: Sequence[sa.ColumnElement[bool]]
) -> sa.Select[Any]:
    """The addresses of these people with so many contacts around `at`, in whatever window."""
    judged = sa.select(Person.address_id).where(*people).subquery()
    contacts = _all_contacts(
        lambda column: column.in_(sa.select(judged.c.address_id)),
    ).subquery()
    return (
        sa.select(contacts.c.address_id)
        .where(contacts.c.at > at - span, contacts.c.at < at + span)
        .group_by(contacts.c.address_id)
        .having(sa.func.count() >= messages)
    )


def _number(address: Any, begin: Any, end: Any) -> Any:
    contacts = _contacts(address).alias()
    return (
        sa.select(sa.func.count())
        .select_from(contacts)
        .where(contacts.c.at >= begin, contacts.c.at < end)
        .scalar_subquery()
    )


def _contacts(address: Any) -> sa.CompoundSelect[Any]:
    return _all_contacts(lambda column: column == address)


def _all_contacts(chosen: Callable[[Any], sa.ColumnElement[bool]]) -> sa.CompoundSelect[Any]:
    """(address_id, at) of what was sent and what is scheduled, for the addresses that `chosen` accepts."""
    reached = sa.orm.aliased(Person)
    messages = (
        sa.select(reached.address_id, sa.func.coalesce(Message.sent_at, Message.due_at).label("at"))
        .join(Message, Message.person_id == reached.id)
        .where(chosen(reached.address_id), ~Message.proof, Message.state.not_in(NEVER_LEFT))
        .correlate_except(reached, Message)
    )
    waiting = (
        sa.select(Recipient.address_id, seconds_after(Delivery.starts_at, Recipient.after).label("at"))
        .join(Delivery, Delivery.id == Recipient.delivery_id)
        .where(chosen(Recipient.address_id), Delivery.state.in_(CONFIRMED))
        .correlate_except(Recipient, Delivery)
    )
    return sa.union_all(messages, waiting)
