"""A series: a recurring delivery, which makes a new delivery at every run. Each has its own logs and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.concluding import ask_for_confirmation
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.editing import make_run
from sales_campaigns.deliveries.inputs import StartBy
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliveryState, Level, Preparation
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.deliveries.preparing import begin_preparing
from sales_campaigns.deliveries.recurrence import (
    Recurrence,
    may_fire,
    next_run,
    problems_of,
    recurrence_from,
    runs_between,
)
from sales_campaigns.deliveries.runs import Aggregation, RunOutcome, Series, SeriesRun
from sales_campaigns.deliveries.setups import schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork

GOING = frozenset(
    {DeliveryState.PREPARING, DeliveryState.SCHEDULED, DeliveryState.IN_PROGRESS, DeliveryState.PAUSED}
)
UNCONFIRMED = frozenset({DeliveryState.READY, DeliveryState.AWAITING_CONFIRMATION})


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of a series, with the delivery it made; the numbers are those of its preparation."""

    run: SeriesRun
    child: Delivery | None
    targeted: int | None
    to_deliver: int | None


def start_series(
    uow: UnitOfWork,
    actor: User,
    delivery_id: int,
    wanted: Recurrence,
    *,
    aggregation: Aggregation = Aggregation.NONE,
    asks: bool | None = None,
) -> Delivery:
    """Turn a delivery that is being written into a series. Its setup is what every run is made from.

    `asks` for a confirmation before each send; left out, what the delivery says of who starts it. One that does not
    ask is confirmed by this act, as a whole. Raises Invalid by field, NotAllowed without “start deliveries”,
    IllegalMove unless it is in editing.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    setup = setup_of(uow.session, delivery)
    if delivery.state is not DeliveryState.EDITING:
        raise IllegalMove(f"This delivery cannot become a series: {DELIVERY.sentences[delivery.state]}")
    if setup.incremental:
        raise IllegalMove("It is continuous: make it a single delivery again before it becomes a series.")
    if ab_test_of(uow.session, delivery.id) is not None:
        raise IllegalMove("It has an A/B test: take its variants off before it becomes a series.")
    if schedule_of(setup).at:
        raise IllegalMove("A series leaves when it runs: edit it and leave the contact date open.")
    by_person = settings_of(setup).start_by is StartBy.PERSON and aggregation is Aggregation.NONE
    asks = by_person if asks is None else asks
    upcoming = _checked(uow, delivery, wanted, aggregation, asks)
    delivery.kind = DeliveryKind.RECURRING
    uow.session.add(
        Series(
            delivery_id=delivery.id,
            recurrence=asdict(wanted),
            looked_at=uow.now,
            started_by=actor.id,
            aggregation=aggregation,
            asks=asks,
        )
    )
    uow.move(DELIVERY, delivery, "begin_series", about=about(delivery, actor), next_at=upcoming)
    note(uow, delivery.id, f"{actor.name} started the series.")
    return delivery


def run_due(uow: UnitOfWork, delivery: Delivery) -> None:
    """Everything planned since the last look: one run at most, the newest.

    The rule: a run missed while everything was down fires once.
    """
    series = uow.session.get_one(Series, delivery.id)
    wanted = recurrence_from(series.recurrence)
    due = runs_between(wanted, series.looked_at, uow.now)
    for at in due[:-1]:
        _write(uow, delivery, at, RunOutcome.MISSED, "It was due while nothing was running.")
    for at in due[-1:]:
        _run(uow, delivery, series, wanted, at)
    series.looked_at, delivery.next_at = uow.now, next_run(wanted, uow.now)
    if delivery.next_at is None:
        uow.move(DELIVERY, delivery, "finish", about=about(delivery), ended_at=uow.now)
        note(uow, delivery.id, "That was the last run of the series.")


def runs_of(session: Session, series_id: int, limit: int = 60) -> list[RunLine]:
    """The newest first."""
    rows = session.execute(
        sa.select(SeriesRun, Delivery, Preparation.targeted, Preparation.to_deliver)
        .outerjoin(Delivery, Delivery.id == SeriesRun.child_id)
        .outerjoin(Preparation, Preparation.delivery_id == Delivery.id)
        .where(SeriesRun.series_id == series_id)
        .order_by(SeriesRun.due_at.desc())
        .limit(limit)
    )
    return [RunLine(*row) for row in rows]


def series_of(session: Session, delivery_id: int) -> Series | None:
    return session.get(Series, delivery_id)


def _checked(
    uow: UnitOfWork, delivery: Delivery, wanted: Recurrence, aggregation: Aggregation, asks: bool
) -> datetime:
    """The first run. What would stop every preparation is told now."""
    problems = problems_of(wanted)
    if asks and aggregation is not Aggregation.NONE:
        problems["asks"] = "Runs that are grouped are not confirmed one by one: choose one of the two."
    if problems:
        raise Invalid(problems)
    found = task_of(uow.session, delivery, uow.now).problems
    if found:
        raise IllegalMove(" ".join(found.values()))
    upcoming = next_run(wanted, uow.now)
    if upcoming is None:
        raise Invalid({"first": "No run is left: choose a later first run, or more runs."})
    return upcoming


def _run(uow: UnitOfWork, delivery: Delivery, series: Series, wanted: Recurrence, at: datetime) -> None:
    if not may_fire(wanted, uow.now):
        hours = f"{wanted.opens} to {wanted.closes}"
        _write(uow, delivery, at, RunOutcome.SKIPPED, f"It came too late: runs may begin from {hours}.")
        return
    earlier = _last_children(uow.session, delivery.id)
    going = next((child for child in earlier if child.state in GOING), None)
    if going is not None:
        words = f"“{going.name}” was still going: runs never overlap."
        _write(uow, delivery, at, RunOutcome.SKIPPED, words)
        return
    for child in earlier:
        _expire(uow, child)
    starter = uow.session.get_one(User, series.started_by)
    child = make_run(uow, delivery, _name(delivery, wanted, at), starter.id, asks=series.asks)
    _write(uow, delivery, at, RunOutcome.MADE, "", child.id)
    begin_preparing(uow, starter, child)


def _last_children(session: Session, series_id: int) -> Sequence[Delivery]:
    """Those of its runs that are not over; few, since each run ends or outlasts those before it."""
    query = sa.select(Delivery).join(SeriesRun, SeriesRun.child_id == Delivery.id)
    return session.scalars(
        query.where(SeriesRun.series_id == series_id, Delivery.state.in_(GOING | UNCONFIRMED))
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()


def _expire(uow: UnitOfWork, child: Delivery) -> None:
    """The rule: an execution unconfirmed when the next is due ends as expired, and never blocks the series."""
    if child.state is DeliveryState.READY:
        ask_for_confirmation(uow, None, child)
    uow.move(DELIVERY, child, "expire", about=about(child), next_at=None, ended_at=uow.now)
    note(uow, child.id, "Nobody confirmed it before the next run was due. Nothing was sent.", Level.WARNING)


def _name(delivery: Delivery, wanted: Recurrence, at: datetime) -> str:
    """With the wall clock of its run, so that each can be told from the others."""
    return f"{delivery.name[:200]}, {at.astimezone(ZoneInfo(wanted.zone)):%Y-%m-%d %H:%M}"


def _write(
    uow: UnitOfWork,
    delivery: Delivery,
    at: datetime,
    outcome: RunOutcome,
    words: str,
    child_id: int | None = None,
) -> None:
    """The database keeps that there is one row a series and instant, however many schedulers look."""
    uow.session.add(
        SeriesRun(
            series_id=delivery.id, due_at=at, outcome=outcome, child_id=child_id, words=words, at=uow.now
        )
    )
    uow.session.flush()
    if words:
        note(uow, delivery.id, f"No run of {at:%Y-%m-%d %H:%M} UTC. {words}", Level.WARNING)
