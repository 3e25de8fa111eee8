"""The logs of a delivery: recipients, exclusions, what was noticed, the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries.journal import journal_of
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.logs import Status, exclusion_log, sending_log
from sales_campaigns.deliveries.models import Delivery, Level
from sales_campaigns.tracking.logs import tracked_urls, tracking_log
from sales_campaigns.tracking.models import EventKind
from web.api.protocol import cursors
from web.api.protocol.operations import Area
from web.api.protocol.shapes import AskedPage, Page, Shown
from web.request_scope import me, work

api = Area("deliveries", "")


class Logged(Protocol):
    """A line of a log, which begins at its key."""

    @property
    def key(self) -> int: ...


class LogAsked(AskedPage):
    status: Status | None = None
    words: str = Field("", max_length=200)


class ExclusionsAsked(AskedPage):
    cause: str = Field("", max_length=40)
    words: str = Field("", max_length=200)


class TrackingAsked(AskedPage):
    kind: EventKind | None = None


class RecipientShown(Shown):
    person_id: int
    name: str
    email: str
    status: Status
    at: AwareDatetime | None
    words: str
    message_id: int | None
    retrying: bool


class ExclusionShown(Shown):
    person_id: int
    name: str
    email: str
    cause: str
    words: str
    at: AwareDatetime


class NoticedShown(Shown):
    at: AwareDatetime
    kind: EventKind
    link: str
    machine: str = Field(description="Why it does not count: a machine opened it.")
    message_id: int
    person_id: int
    name: str
    email: str


class UrlShown(Shown):
    address: str
    people: int
    clicks: int
    machine: int


class UrlsShown(Shown):
    urls: list[UrlShown]


class JournalLineShown(Shown):
    at: AwareDatetime
    level: Level
    words: str


class JournalShown(Shown):
    lines: list[JournalLineShown]


@api.get("/deliveries/<int:delivery_id>/log")
def list_recipients(delivery_id: int, query: LogAsked) -> Page[RecipientShown]:
    """What became of each recipient."""
    lines = sending_log(
        work().session,
        _delivery(delivery_id),
        status=query.status,
        words=query.words,
        after=_place(query),
        limit=query.limit,
    )
    items = [RecipientShown.model_validate(line) for line in lines]
    return Page[RecipientShown](items=items, after=_following(lines, query))


@api.get("/deliveries/<int:delivery_id>/exclusions")
def list_exclusions(delivery_id: int, query: ExclusionsAsked) -> Page[ExclusionShown]:
    """Who is left out, and why."""
    lines = exclusion_log(
        work().session,
        _delivery(delivery_id),
        cause=query.cause,
        words=query.words,
        after=_place(query),
        limit=query.limit,
    )
    items = [ExclusionShown.model_validate(line) for line in lines]
    return Page[ExclusionShown](items=items, after=_following(lines, query))


@api.get("/deliveries/<int:delivery_id>/tracking")
def list_noticed(delivery_id: int, query: TrackingAsked) -> Page[NoticedShown]:
    """Opens and clicks, the newest first."""
    delivery, before = _delivery(delivery_id), _place(query)
    lines = tracking_log(work().session, delivery.id, kind=query.kind, before=before, limit=query.limit)
    items = [NoticedShown.model_validate(line) for line in lines]
    return Page[NoticedShown](items=items, after=_following(lines, query))


@api.get("/deliveries/<int:delivery_id>/urls")
def list_tracked_urls(delivery_id: int) -> UrlsShown:
    """The links of the mail, and how often they were followed."""
    found = tracked_urls(work().session, _delivery(delivery_id).id)
    return UrlsShown(urls=[UrlShown.model_validate(one) for one in found])


@api.get("/deliveries/<int:delivery_id>/journal")
def get_journal(delivery_id: int) -> JournalShown:
    """What preparing, confirming and sending said: the last 500 lines."""
    lines = journal_of(work().session, _delivery(delivery_id).id)
    return JournalShown(lines=[JournalLineShown.model_validate(line) for line in lines])


def _delivery(delivery_id: int) -> Delivery:
    return delivery_of(work().session, me(), delivery_id)


def _place(query: AskedPage) -> int:
    """The key of the last line of the page before; 0 is before the first."""
    return cursors.read(query.after, int) or 0


def _following(lines: Sequence[Logged], query: AskedPage) -> str | None:
    """Where the page after a full one begins."""
    return cursors.written(lines[-1].key if len(lines) == query.limit else None)
