"""Capacity rules of one delivery: what else leaves under the same limit, and recipients moved to the next slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.deliveries.dealing import Share, deal
from sales_campaigns.deliveries.models import Delivery, DeliverySetup, Recipient
from sales_campaigns.deliveries.states import CONFIRMED, GOES_ON
from sales_campaigns.deliveries.typology.models import Of, TypologyRule
from sales_campaigns.deliveries.typology.rules import key_of
from sales_campaigns.deliveries.typology.windows import NEVER_LEFT, seconds_after
from sales_campaigns.messages.models import Message

ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """Slots are counted from `start`. What leaves before `now` has left; of the delivery itself those who leave less
    than `behind` seconds after the start have their places already.
    """

    delivery: Delivery
    mailbox: Mailbox
    start: datetime
    now: datetime
    behind: int | None = None

    def slot(self, seconds: int) -> int:
        """The slot of now."""
        return int((self.now - self.start) / timedelta(seconds=seconds))


@dataclass(frozen=True)
class Capacity:
    """At most `messages` in `hours`; beyond them the next slot, or out where the rule says so."""

    cause: str
    messages: int
    hours: int
    excludes: bool
    of: Of = Of.DELIVERY

    @property
    def seconds(self) -> int:
        return self.hours * 3600


def capacity_of(rule: TypologyRule) -> Capacity:
    details = rule.details
    of = Of(details.get("of", Of.DELIVERY))
    return Capacity(key_of(rule), details["messages"], details["hours"], bool(details.get("excludes")), of)


def room_for(session: Session, rule: Capacity, delivery: Delivery, mailbox: Mailbox, at: datetime) -> int:
    """How many of a delivery a rule that excludes lets leave: what else leaves in the slot of `at` counts."""
    span = Span(delivery, mailbox, begun(delivery) or at, at)
    return max(rule.messages - _used(session, rule, span).get(span.slot(rule.seconds), 0), 0)


def deal_into_slots(session: Session, span: Span, rules: list[Capacity]) -> None:
    """All rules together: what one moves is looked at by the others again, until nobody moves."""
    taken = {rule.cause: _used(session, rule, span) for rule in rules}
    for _ in range(ROUNDS):
        moved = [_deal(session, span, rule, taken[rule.cause]) for rule in rules]
        if not any(moved) or len(rules) == 1:
            return


def begun(delivery: Delivery) -> datetime | None:
    """When a delivery that goes on began: the slots of all its runs, and of a test's winner, are counted from there."""
    return delivery.starts_at if delivery.state in GOES_ON else None


def _deal(session: Session, span: Span, rule: Capacity, taken: Counter[int]) -> bool:
    """Later instants first: who moves into one of them was dealt already."""
    rows = session.execute(
        sa.select(Recipient.after, sa.func.count())
        .where(Recipient.delivery_id == span.delivery.id, Recipient.after >= (span.behind or 0))
        .group_by(Recipient.after)
    )
    shares = deal([(after or 0, number) for after, number in rows], taken, rule.messages, rule.seconds)
    moving = {after: found for after, found in shares.items() if _moves(found, rule)}
    for after in sorted(moving, reverse=True):
        _move(session, span.delivery.id, after, moving[after], rule.seconds)
    return bool(moving)


def _moves(shares: list[Share], rule: Capacity) -> bool:
    return any(one.slots or (one.each and one.last - one.first > rule.messages) for one in shares)


def _move(session: Session, delivery_id: int, after: int, shares: list[Share], seconds: int) -> None:
    place = sa.func.row_number().over(order_by=Recipient.address_id) - 1
    ranked = (
        sa.select(Recipient.address_id, place.label("place"))
        .where(Recipient.delivery_id == delivery_id, Recipient.after == after)
        .subquery()
    )
    slots = sa.case(*((ranked.c.place < one.last, _slots(ranked.c.place, one)) for one in shares), else_=0)
    session.execute(
        sa.update(Recipient)
        .where(
            Recipient.delivery_id == delivery_id,
            Recipient.after == after,
            Recipient.address_id == ranked.c.address_id,
        )
        .values(after=Recipient.after + slots * seconds)
        .execution_options(synchronize_session=False)
    )


def _slots(place: sa.ColumnElement[int], share: Share) -> Any:
    return share.slots + (place - share.first) // share.each if share.each else sa.literal(share.slots)


def _used(session: Session, rule: Capacity, span: Span) -> Counter[int]:
    """Slot → mails of others and of earlier runs under the same limit, sent or scheduled from the slot of now on."""
    first = span.start + timedelta(seconds=span.slot(rule.seconds) * rule.seconds)
    used: Counter[int] = Counter()
    for at, number in _leaving(session, rule, span, first):
        used[int((at - span.start) / timedelta(seconds=rule.seconds))] += number
    return used


def _leaving(session: Session, rule: Capacity, span: Span, first: datetime) -> Iterator[tuple[datetime, int]]:
    if rule.of is not Of.DELIVERY:
        boxes = _boxes(rule, span.mailbox)
        yield from _messages(session, Message.mailbox_id.in_(boxes), first)
        yield from _recipients(session, boxes, span.delivery, first)
    if begun(span.delivery):
        yield from _earlier(session, span)
        if rule.of is Of.DELIVERY:
            own = sa.and_(Message.delivery_id == span.delivery.id, ~Message.proof)
            yield from _messages(session, own, first)


def _boxes(rule: Capacity, mailbox: Mailbox) -> sa.Select[Any]:
    if rule.of is Of.MAILBOX:
        return sa.select(Mailbox.id).where(Mailbox.id == mailbox.id)
    domain = mailbox.address.rpartition("@")[2]
    return sa.select(Mailbox.id).where(Mailbox.address.iendswith(f"@{domain}", autoescape=True))


def _earlier(session: Session, span: Span) -> Iterator[tuple[datetime, int]]:
    """Those of earlier runs who wait; whoever is overdue leaves now."""
    behind = sa.true() if span.behind is None else Recipient.after < span.behind
    rows = session.execute(
        sa.select(Recipient.after, sa.func.count())
        .where(Recipient.delivery_id == span.delivery.id, Recipient.after.is_not(None), behind)
        .group_by(Recipient.after)
    )
    yield from ((max(span.start + timedelta(seconds=after or 0), span.now), number) for after, number in rows)


def _messages(
    session: Session, those: sa.ColumnElement[bool], start: datetime
) -> Iterator[tuple[datetime, int]]:
    at = sa.func.coalesce(Message.sent_at, Message.due_at)
    rows = session.execute(
        sa.select(at, sa.func.count())
        .where(those, at >= start, Message.state.not_in(NEVER_LEFT))
        .group_by(at)
    )
    yield from ((at, number) for at, number in rows)


def _recipients(
    session: Session, boxes: sa.Select[Any], delivery: Delivery, start: datetime
) -> Iterator[tuple[datetime, int]]:
    at = seconds_after(Delivery.starts_at, Recipient.after)
    rows = session.execute(
        sa.select(at, sa.func.count())
        .select_from(Recipient)
        .join(Delivery, Delivery.id == Recipient.delivery_id)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(
            DeliverySetup.mailbox_id.in_(boxes),
            Delivery.id != delivery.id,
            Delivery.state.in_(CONFIRMED),
            at >= start,
        )
        .group_by(at)
    )
    yield from ((at, number) for at, number in rows)
