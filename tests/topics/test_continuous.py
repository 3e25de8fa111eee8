"""Continuous deliveries: one for ever, to which each run appends whoever is new, or has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.continuous.choosing import choose_incremental
from sales_campaigns.deliveries.continuous.models import Increment
from sales_campaigns.deliveries.incremental import Incremental, Mode
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.messages.models import Message
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, finish_preparing, let_jobs_run, said

HOUR = timedelta(hours=1)


def every_hour(clock: VirtualClock, **fields: object) -> Recurrence:
    first = (clock.now() + HOUR).strftime("%Y-%m-%dT%H:%M")
    told = {"every": Every.MINUTES, "interval": 60, "first": first, "zone": "UTC"}
    return Recurrence(**{**told, **fields})  # type: ignore[arg-type]


def a_query(clock: VirtualClock, mode: Mode = Mode.NEW, **fields: object) -> Incremental:
    since = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    return Incremental(**{"mode": mode, "recurrence": every_hour(clock), "since": since, **fields})  # type: ignore[arg-type]


def begun(work: Work, cast: Cast, wanted: Incremental, **fields: object) -> int:
    """Written, prepared and confirmed by Cleo; its id."""
    with work() as uow:
        made = a_delivery(uow, cast.cleo, **fields)
        choose_incremental(uow, cast.cleo, made.id, wanted)
        prepare(uow, cast.cleo, made.id)
    finish_preparing(work, made.id)
    with work() as uow:
        confirm(uow, cast.cleo, made.id, reachable=True)
    let_jobs_run(work)
    return made.id


def somebody(work: Work, owner: User, *emails: str, **fields: object) -> list[int]:
    with work() as uow:
        return [a_person(uow, owner, email, **fields).id for email in emails]


def later(work: Work, clock: VirtualClock, span: timedelta = HOUR) -> None:
    clock.forward(span)
    let_jobs_run(work)


def increments(work: Work, delivery_id: int) -> Sequence[Increment]:
    with work() as uow:
        query = sa.select(Increment).where(Increment.delivery_id == delivery_id)
        return uow.session.scalars(query.order_by(Increment.number)).all()


def states(work: Work, delivery_id: int) -> list[str]:
    return [one.state.value for one in increments(work, delivery_id)]


def mails(work: Work, delivery_id: int) -> list[tuple[str, int]]:
    """(address, occasion) of every message, in order."""
    with work() as uow:
        query = sa.select(Message.email, Message.occasion).where(Message.delivery_id == delivery_id)
        return [(row.email, row.occasion) for row in uow.session.execute(query.order_by(Message.id))]


def test_one_delivery_for_ever_takes_whoever_is_new(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Each run appends rows to the same delivery, and nobody is taken twice."""
    somebody(work, cast.ana, "a@example.com", "b@example.com")
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "c@example.com")
    later(work, clock)
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 0), ("b@example.com", 0), ("c@example.com", 0)]
    assert [(one.number, one.targeted, one.to_deliver) for one in increments(work, found)] == [
        (1, 2, 2),
        (2, 1, 1),
    ]
    assert delivery(work, found).state is DeliveryState.IN_PROGRESS
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Delivery.id))) == 1


def test_nothing_new_means_no_run_and_no_error(work: Work, cast: Cast, clock: VirtualClock) -> None:
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    before = said(work, found)
    for _hour in range(5):
        later(work, clock)
    assert states(work, found) == ["released"]
    assert said(work, found) == before


def test_it_may_begin_while_its_audience_is_empty(work: Work, cast: Cast, clock: VirtualClock) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 0)]
