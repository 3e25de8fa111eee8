"""Make a delivery a continuous one, change when it runs and whom it takes, and reset its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.audience import count_where, targeted
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.continuous.models import IncrementState, Intake
from sales_campaigns.deliveries.continuous.query import changed_between
from sales_campaigns.deliveries.continuous.running import open_increment
from sales_campaigns.deliveries.incremental import (
    Incremental,
    Mode,
    incremental_from,
    incremental_problems,
    settled,
    stored_incremental,
)
from sales_campaigns.deliveries.inputs import StartBy
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Exclusion,
    Recipient,
)
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.deliveries.recurrence import next_run
from sales_campaigns.deliveries.reopening import reopen
from sales_campaigns.deliveries.setups import audience_of, settings_of, setup_of
from sales_campaigns.deliveries.states import CONFIRMED, DELIVERY, EDITABLE, GOES_ON
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reset:
    """What a reset of the history would do: how many were taken, and how many the next run would take again."""

    taken: int
    again: int


def choose_incremental(uow: UnitOfWork, actor: User, delivery_id: int, wanted: Incremental) -> Delivery:
    """Say whom its runs take, and when. Before it is confirmed this is an act of “prepare deliveries”, and it must be
    prepared anew; afterwards of “start deliveries”, and the next run has it. Raises Invalid by field.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    setup = setup_of(uow.session, delivery)
    if delivery.state in CONFIRMED or settings_of(setup).start_by is not StartBy.PERSON:
        require_start(uow.session, actor)
    _refuse(delivery, setup)
    if ab_test_of(uow.session, delivery.id) is not None:
        raise IllegalMove("It has an A/B test: take its variants off before it becomes continuous.")
    _check(uow, wanted)
    if delivery.state in GOES_ON:
        wanted = _change_running(uow, actor, delivery, setup, wanted)
    else:
        reopen(uow, actor, delivery)
        delivery.kind = DeliveryKind.CONTINUOUS
    setup.incremental, setup.changed_at = stored_incremental(wanted), uow.now
    uow.session.flush()
    uow.record("delivery.changed", **about(delivery, actor))
    return delivery


def make_single(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Back to one batch, while nobody has confirmed it."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    setup = setup_of(uow.session, delivery)
    if not setup.incremental or delivery.state not in EDITABLE:
        raise IllegalMove(f"This delivery stays as it is: {DELIVERY.sentences[delivery.state]}")
    reopen(uow, actor, delivery)
    delivery.kind, setup.incremental, setup.changed_at = DeliveryKind.SINGLE, {}, uow.now
    uow.record("delivery.changed", **about(delivery, actor))
    return delivery


def reset_history(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """The next run takes whoever is in the audience, as if nobody had been taken; what has left keeps its log."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    intake, wanted = _going(uow.session, delivery)
    if open_increment(uow.session, delivery.id) is not None:
        raise IllegalMove("A run is open: confirm or drop it before the history is reset.")
    if wanted.mode is Mode.NEW:
        intake.history = intake.number + 1
    else:
        intake.since = wanted.begins
    note(uow, delivery.id, f"{actor.name} reset the history: the next run takes people again.")
    uow.record("delivery.history_reset", **about(delivery, actor))
    return delivery


def reset_of(uow: UnitOfWork, delivery: Delivery) -> Reset:
    """The rule: history can be reset, and the page says what will happen."""
    _intake, wanted = _going(uow.session, delivery)
    task = task_of(uow.session, delivery, uow.now)
    people = targeted(uow.session, task.audience, task.owner)
    if wanted.mode is Mode.CHANGED:
        people = [*people, *changed_between(wanted, wanted.begins, settled(uow.now))]
    return Reset(_taken(uow.session, delivery.id), count_where(uow.session, people))


def _going(session: Session, delivery: Delivery) -> tuple[Intake, Incremental]:
    intake = session.get(Intake, delivery.id)
    wanted = incremental_from(setup_of(session, delivery).incremental)
    if wanted is None:
        raise NotFound("Only a continuous delivery has a history.")
    if intake is None or delivery.state not in GOES_ON:
        raise IllegalMove(f"There is no history to reset: {DELIVERY.sentences[delivery.state]}")
    return intake, wanted


def _taken(session: Session, delivery_id: int) -> int:
    mails = sa.select(Message.person_id).where(Message.delivery_id == delivery_id, ~Message.proof)
    to_come = sa.select(Recipient.person_id).where(Recipient.delivery_id == delivery_id)
    left_out = sa.select(Exclusion.person_id).where(Exclusion.delivery_id == delivery_id)
    people = sa.union(mails, to_come, left_out).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(people)) or 0


def _refuse(delivery: Delivery, setup: DeliverySetup) -> None:
    if delivery.kind is DeliveryKind.RECURRING:
        raise IllegalMove("This is a series: duplicate it to make a continuous delivery of the copy.")
    single = delivery.kind is DeliveryKind.SINGLE
    if delivery.state not in EDITABLE | CONFIRMED or (single and delivery.state in GOES_ON):
        raise IllegalMove(f"It cannot become continuous: {DELIVERY.sentences[delivery.state]}")
    if settings_of(setup).waves:
        raise IllegalMove("A continuous delivery leaves as people come: edit it and choose no waves.")
    if setup.schedule.get("theirs"):
        raise IllegalMove("A continuous delivery leaves when it runs: edit it and choose one time for all.")
    if audience_of(setup).people:
        raise IllegalMove("Nobody new can come to people chosen by hand: choose a search or groups.")


def _check(uow: UnitOfWork, wanted: Incremental) -> None:
    problems = incremental_problems(wanted)
    if problems:
        raise Invalid(problems)
    if next_run(wanted.recurrence, uow.now) is None:
        raise Invalid({"first": "No run is left: choose a later first run, or more runs."})


def _change_running(
    uow: UnitOfWork, actor: User, delivery: Delivery, setup: DeliverySetup, wanted: Incremental
) -> Incremental:
    """The date from which the next run looks is shown, and may be set back or forth; left as shown, it stays."""
    before, intake = incremental_from(setup.incremental), uow.session.get(Intake, delivery.id)
    if before is None or intake is None:
        raise IllegalMove("It has only just begun: try again in a moment.")
    if before.mode is not wanted.mode:
        raise Invalid({"mode": "It has begun: whom a run takes stays. Duplicate it to choose otherwise."})
    increment = open_increment(uow.session, delivery.id)
    if increment is not None and increment.state is IncrementState.PREPARING:
        raise IllegalMove("A run is being prepared: try again in a moment.")
    if wanted.since == looks_from(intake, before):
        wanted = replace(wanted, since=before.since)
    elif wanted.since:
        intake.since = wanted.begins
    intake.looked_at, intake.run_at = uow.now, next_run(wanted.recurrence, uow.now)
    delivery.next_at = uow.now if delivery.state is DeliveryState.IN_PROGRESS else None
    note(uow, delivery.id, f"{actor.name} changed whom its runs take, or when: the next run has it.")
    return wanted


def looks_from(intake: Intake, wanted: Incremental) -> str:
    """From when on the next run looks for changes, as the wall clock of its zone."""
    return intake.since.astimezone(ZoneInfo(wanted.recurrence.zone)).strftime("%Y-%m-%dT%H:%M")
