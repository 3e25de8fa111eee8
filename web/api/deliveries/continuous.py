"""A continuous delivery: whom its runs take and when, its runs, and taking everybody again."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.continuous import choosing, releasing
from sales_campaigns.deliveries.continuous.models import Increment, IncrementState
from sales_campaigns.deliveries.continuous.reading import increments_of, intake_of
from sales_campaigns.deliveries.incremental import CEILING, MOST_CEILING, Incremental, Mode, PersonDate
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.setups import incremental_of, setup_of
from sales_campaigns.errors import NotFound
from web.api.deliveries.deliveries import get_delivery
from web.api.deliveries.series import RecurrenceShown, RecurrenceTyped
from web.api.deliveries.shapes import DeliveryWhole
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Shown
from web.request_scope import me, settings, work

api = Area("deliveries", "")


class IncrementalTyped(Asked):
    """New people of the audience, or those who changed by a date of the person."""

    mode: Mode
    recurrence: RecurrenceTyped
    field: str = Field(
        PersonDate.UPDATED.value,
        max_length=90,
        description="created, updated, consent, or custom:NAME; for the mode `changed`.",
    )
    since: str = Field("", max_length=40, description="A local time of the recurrence's zone.")
    ceiling: int = Field(CEILING, ge=1, le=MOST_CEILING, description="A run with more people waits.")


class IncrementalShown(Shown):
    mode: Mode
    recurrence: RecurrenceShown
    field: str
    since: str = Field(description="From when on the next run looks.")
    ceiling: int


class IncrementShown(Shown):
    number: int
    state: IncrementState
    due_at: AwareDatetime
    since: AwareDatetime
    until: AwareDatetime
    targeted: int
    to_deliver: int
    excluded: int
    causes: dict[str, int]
    confirmed_by: int | None
    words: str


class ContinuousShown(Shown):
    rule: IncrementalShown
    begun: bool
    next_look_at: AwareDatetime | None
    runs: list[IncrementShown] = Field(description="The newest first, at most 60.")


class ResetShown(Shown):
    taken: int = Field(description="People whom runs have taken so far.")
    again: int = Field(description="How many of them the next run would take again.")


@api.get("/deliveries/<int:delivery_id>/continuous")
def get_continuous(delivery_id: int) -> ContinuousShown:
    """Its rule, and its runs."""
    session = work().session
    delivery = delivery_of(session, me(), delivery_id)
    wanted, intake = incremental_of(setup_of(session, delivery)), intake_of(session, delivery)
    if wanted is None:
        raise NotFound("This delivery is not continuous.")
    return ContinuousShown(
        rule=_rule(wanted, choosing.looks_from(intake, wanted) if intake else wanted.since),
        begun=intake is not None,
        next_look_at=intake.run_at if intake else None,
        runs=[_run(one) for one in increments_of(session, delivery)],
    )


@api.put(
    "/deliveries/<int:delivery_id>/continuous",
    example={
        "mode": "new",
        "recurrence": {"every": "days", "first": "2026-12-07T09:00", "zone": "Europe/Stockholm"},
    },
)
def make_continuous(delivery_id: int, body: IncrementalTyped) -> ContinuousShown:
    """Say whom its runs take, and when. One that has begun has it from its next run on."""
    delivery_of(work().session, me(), delivery_id)
    require(me(), "prepare_deliveries")
    rest = body.model_dump(exclude={"recurrence"})
    wanted = Incremental(recurrence=body.recurrence.recurrence(), **rest)
    choosing.choose_incremental(work(), me(), delivery_id, wanted)
    work().session.flush()
    return get_continuous(delivery_id)


@api.delete("/deliveries/<int:delivery_id>/continuous", status=200)
def make_single_again(delivery_id: int) -> DeliveryWhole:
    """One batch again, while nobody has confirmed it."""
    choosing.make_single(work(), me(), delivery_id)
    work().session.flush()
    return get_delivery(delivery_id)


@api.post("/deliveries/<int:delivery_id>/continuous/reset/check")
def check_reset_of_history(delivery_id: int) -> ResetShown:
    """What taking everybody again would mean. Nothing is changed."""
    delivery = delivery_of(work().session, me(), delivery_id)
    if intake_of(work().session, delivery) is None:
        raise NotFound("This delivery has not begun to take people.")
    return ResetShown.model_validate(choosing.reset_of(work(), delivery))


@api.post("/deliveries/<int:delivery_id>/continuous/reset")
def reset_history_of_delivery(delivery_id: int) -> ContinuousShown:
    """The next run takes whoever is in the audience, as if nobody had been taken."""
    choosing.reset_history(work(), me(), delivery_id)
    work().session.flush()
    return get_continuous(delivery_id)


@api.post("/deliveries/<int:delivery_id>/continuous/runs/<int:number>/confirm")
def confirm_run(delivery_id: int, number: int) -> IncrementShown:
    """Let the people of a run that waits have the mail."""
    allowed = settings().bulk_allowed
    return _run(releasing.confirm_increment(work(), me(), delivery_id, number, reachable=allowed))


@api.post("/deliveries/<int:delivery_id>/continuous/runs/<int:number>/drop")
def drop_run(delivery_id: int, number: int) -> IncrementShown:
    """Nobody of it gets the mail; who was not taken yet is found by the next run again."""
    return _run(releasing.drop_increment(work(), me(), delivery_id, number))


def _rule(wanted: Incremental, since: str) -> IncrementalShown:
    recurrence = RecurrenceShown.model_validate(wanted.recurrence)
    kept = {name: getattr(wanted, name) for name in ("mode", "field", "ceiling")}
    return IncrementalShown(**kept, recurrence=recurrence, since=since)


def _run(one: Increment) -> IncrementShown:
    work().session.flush()
    return IncrementShown.model_validate(one)
