"""The tracking log of a delivery and its tracked URLs: pages, and rows for a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.content.models import Wording
from sales_campaigns.content.tracked_links import links_of
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tracking.models import EventKind, TrackingEvent

PAGE = 50
EXPORTED = 5_000  # rows read at a time


@dataclass(frozen=True, slots=True)
class Noticed:
    """One event; `link` is the address that was followed, "" for none. `key` continues the list."""

    key: int
    at: datetime
    kind: EventKind
    link: str
    machine: str
    message_id: int
    person_id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class TrackedUrl:
    """`people` are distinct recipients who followed it, `clicks` how often; `machine` is beside them."""

    address: str
    people: int
    clicks: int
    machine: int


def tracking_log(
    session: Session,
    delivery_id: int,
    *,
    kind: EventKind | None = None,
    before: int = 0,
    limit: int = PAGE,
) -> list[Noticed]:
    """The newest first; `before` is the key of the last line of the page before."""
    query = (
        sa.select(TrackingEvent, Message.email, Message.edited_html, Wording.html, Person)
        .join(Message, Message.id == TrackingEvent.message_id)
        .join(Person, Person.id == Message.person_id)
        .outerjoin(Wording, Wording.id == Message.wording_id)
        .where(Message.delivery_id == delivery_id)
        .order_by(TrackingEvent.id.desc())
        .limit(limit)
    )
    if kind is not None:
        query = query.where(TrackingEvent.kind == kind)
    if before:
        query = query.where(TrackingEvent.id < before)
    return [
        Noticed(
            event.id,
            event.at,
            event.kind,
            _address(edited if edited is not None else html or "", event.link),
            event.machine,
            event.message_id,
            person.id,
            person.name,
            email,
        )
        for event, email, edited, html, person in session.execute(query)
    ]


def tracking_rows(
    session: Session, delivery_id: int, kind: EventKind | None = None
) -> Iterator[Sequence[Any]]:
    """The whole log for a file, read in batches."""
    before = 0
    while lines := tracking_log(session, delivery_id, kind=kind, before=before, limit=EXPORTED):
        before = lines[-1].key
        for line in lines:
            yield (line.email, line.name, line.kind.value, line.at.isoformat(), line.link, line.machine)
        session.expunge_all()


def tracked_urls(session: Session, delivery_id: int) -> list[TrackedUrl]:
    """Every link of what was sent, also those that nobody followed; the most followed first.

    An address is one line, in whichever wordings of the delivery it stands.
    """
    people: dict[str, set[str]] = {}
    clicks: Counter[str] = Counter()
    machine: Counter[str] = Counter()
    for html in session.scalars(_sources(delivery_id)):
        for address in links_of(html):
            people.setdefault(address, set())
    for html, link, email, reason, number in session.execute(_clicks(delivery_id)):
        address = _address(html or "", link)
        mine = people.setdefault(address, set())
        if reason:
            machine[address] += number
        else:
            clicks[address] += number
            mine.add(email)
    found = [TrackedUrl(one, len(who), clicks[one], machine[one]) for one, who in people.items() if one]
    return sorted(found, key=lambda one: (-one.people, one.address))


def url_rows(session: Session, delivery_id: int) -> Iterator[Sequence[Any]]:
    for one in tracked_urls(session, delivery_id):
        yield (one.address, one.people, one.clicks, one.machine)


def _sources(delivery_id: int) -> sa.Select[str]:
    return (
        sa.select(Wording.html)
        .where(Wording.id.in_(sa.select(Message.wording_id).where(Message.delivery_id == delivery_id)))
        .order_by(Wording.id)
    )


def _clicks(delivery_id: int) -> sa.Select[Any]:
    source = sa.func.coalesce(Message.edited_html, Wording.html)
    by_machine = sa.case((TrackingEvent.machine == "", sa.false()), else_=sa.true())
    return (
        sa.select(source, TrackingEvent.link, Message.email, by_machine, sa.func.count())
        .select_from(TrackingEvent)
        .join(Message, Message.id == TrackingEvent.message_id)
        .outerjoin(Wording, Wording.id == Message.wording_id)
        .where(Message.delivery_id == delivery_id, TrackingEvent.kind == EventKind.CLICK)
        .group_by(source, TrackingEvent.link, Message.email, by_machine)
    )


def _address(html: str, place: int | None) -> str:
    links = links_of(html) if place else []
    return links[place - 1] if place and place <= len(links) else ""
