"""Launches: add people to a campaign, look before, take back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.enrollments.explaining.people_in import launches_of
from sales_campaigns.enrollments.launches.choosing import members
from sales_campaigns.enrollments.launches.forecasting import Instant as ForecastInstant
from sales_campaigns.enrollments.launches.forecasting import StepDates, forecast
from sales_campaigns.enrollments.launches.launching import launch
from sales_campaigns.enrollments.launches.orders import Order, prepare
from sales_campaigns.enrollments.launches.reading import launch_of
from sales_campaigns.enrollments.launches.take_back import take_back
from sales_campaigns.enrollments.models import Launch
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Id, Instant, Line, Shown, Source
from web.request_scope import me, settings, work

api = Area("campaigns", "")
MOST_PEOPLE = 10_000


class OwnWords(Asked):
    subject: Line
    html: Source


class LaunchAsked(Asked):
    """People by number, and the members of a group. `words` are a first e-mail of their own for some of them."""

    people: list[Id] = Field(default_factory=list, max_length=MOST_PEOPLE)
    group_id: Id | None = None
    mailbox_id: Id | None = Field(None, description="Your own where none is named.")
    first_step: str = Field("", max_length=80, description="The key of the step that they start at.")
    recipients_zone: bool | None = Field(None, description="As the campaign says where it is not given.")
    send_at: Annotated[dict[str, Instant], Field(max_length=100)] = Field(
        default_factory=dict, description="Step key → when it leaves instead."
    )
    words: Annotated[dict[str, OwnWords], Field(max_length=MOST_PEOPLE)] = Field(
        default_factory=dict, description="Number of the person → words."
    )


class ExcludedShown(Shown):
    person_id: int
    person: str
    cause: str
    words: str


class StepDatesShown(Shown):
    key: str
    title: str
    first: AwareDatetime | None
    last: AwareDatetime | None
    moves: dict[str, int] = Field(description="Why dates were moved, and for how many people.")


class Checked(Shown):
    targeted: int
    to_deliver: int
    excluded: list[ExcludedShown]
    limit: int
    days: dict[date, int] = Field(description="Mails a day.")
    finishes: AwareDatetime | None
    steps: list[StepDatesShown]


class LaunchShown(Shown):
    id: int
    campaign_id: int
    user_id: int
    mailbox_id: int
    at: AwareDatetime
    recipients_zone: bool
    targeted: int
    started: int
    excluded: dict[str, int] = Field(description="Cause → people.")
    taken_back_at: AwareDatetime | None
    active: int | None = Field(None, description="How many of them are under way.")


class LaunchesShown(Shown):
    launches: list[LaunchShown]


@api.post("/campaigns/<int:campaign_id>/launches/check", example={"people": [1]})
def check_launch(campaign_id: int, body: LaunchAsked) -> Checked:
    """What a launch would do: who is excluded and why, and all dates. Nothing is changed."""
    order = _order(campaign_id, body)
    prepared = prepare(work(), me(), order)
    found = forecast(work().session, me(), prepared, order, work().now)
    return Checked(
        targeted=prepared.checked.targeted,
        to_deliver=len(prepared.checked.to_deliver),
        excluded=[
            ExcludedShown(person_id=one.person.id, person=one.person.name, cause=one.cause, words=one.words)
            for one in prepared.checked.excluded
        ],
        limit=found.limit,
        days=dict(found.days),
        finishes=found.finishes,
        steps=list(map(_dates, found.steps)),
    )


@api.post("/campaigns/<int:campaign_id>/launches", status=201, example={"people": [1]})
def launch_campaign(campaign_id: int, body: LaunchAsked) -> LaunchShown:
    """Add the people who can be added. Give it an Idempotency-Key, so that it may be sent again."""
    return _shown(launch(work(), me(), _order(campaign_id, body), settings().launch_limit))


@api.get("/campaigns/<int:campaign_id>/launches")
def list_launches(campaign_id: int) -> LaunchesShown:
    """The last 20 launches of a campaign."""
    session = work().session
    lines = launches_of(session, me(), campaign_of(session, me(), campaign_id))
    return LaunchesShown(launches=[_shown(line.launch, line.active) for line in lines])


@api.get("/launches/<int:launch_id>")
def get_launch(launch_id: int) -> LaunchShown:
    """One launch."""
    return _shown(launch_of(work().session, me(), launch_id))


@api.post("/launches/<int:launch_id>/take-back")
def take_launch_back(launch_id: int) -> Done:
    """End it for everybody whom this launch added. `count` is how many; what has left has left."""
    launch_of(work().session, me(), launch_id)
    taken = take_back(work(), me(), launch_id)
    return Done(words=f"Taken back; mails that had left before: {taken.left}.", count=taken.ended)


def _order(campaign_id: int, body: LaunchAsked) -> Order:
    session = work().session
    campaign = campaign_of(session, me(), campaign_id)
    group = members(session, me(), campaign, body.group_id) if body.group_id is not None else []
    return Order(
        campaign_id,
        list(dict.fromkeys([*body.people, *group])),
        mailbox_id=body.mailbox_id,
        first_key=body.first_step,
        recipients_zone=body.recipients_zone,
        send_at=dict(body.send_at),
        words={
            int(id): (one.subject, one.html)
            for id, one in body.words.items()
            if id.isdecimal() and len(id) < 10
        },
    )


def _dates(one: StepDates) -> StepDatesShown:
    first, last = map(_at, (one.first, one.last))
    return StepDatesShown(key=one.step.key, title=one.title, first=first, last=last, moves=dict(one.moves))


def _at(instant: ForecastInstant | None) -> AwareDatetime | None:
    return instant.at if instant is not None else None


def _shown(launched: Launch, active: int | None = None) -> LaunchShown:
    return LaunchShown.model_validate(launched).model_copy(update={"active": active})
