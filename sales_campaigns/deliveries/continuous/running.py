"""The runs of a continuous delivery: each looks for whoever is to be taken, and appends them to the one delivery."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.audience import count_where, targeted
from sales_campaigns.deliveries.chunks import CHUNK, next_chunk
from sales_campaigns.deliveries.continuous.models import ContentVersion, Increment, IncrementState, Intake
from sales_campaigns.deliveries.continuous.query import coming, target_of
from sales_campaigns.deliveries.continuous.releasing import conclude_increment, forget
from sales_campaigns.deliveries.continuous.states import INCREMENT, OPEN
from sales_campaigns.deliveries.incremental import Incremental, Mode, settled
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery, Level, Preparation, Stage
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.recurrence import may_fire, next_run, runs_between
from sales_campaigns.deliveries.setups import setup_of
from sales_campaigns.unit_of_work import UnitOfWork


def run_on(uow: UnitOfWork, delivery: Delivery, *, reachable: bool, chunk: int = CHUNK) -> bool:
    """Whatever the runs of this delivery have to do now; False when that is nothing."""
    intake = uow.session.get(Intake, delivery.id)
    if intake is None:
        _open(uow, delivery)
        return True
    increment = open_increment(uow.session, delivery.id)
    if increment is not None and increment.state is IncrementState.PREPARING:
        _prepare_on(uow, delivery, increment, reachable, chunk)
        return True
    if increment is None and intake.run_at is not None and intake.run_at <= uow.now:
        _look(uow, delivery, intake)
        return True
    return False


def open_increment(session: Session, delivery_id: int) -> Increment | None:
    """The one that is being prepared or waits; the database keeps that there is one at most."""
    query = sa.select(Increment).where(Increment.delivery_id == delivery_id, Increment.state.in_(OPEN))
    return session.scalar(query)


def next_look(session: Session, delivery: Delivery) -> datetime | None:
    """When its runs have something to do next; None while an increment waits, and after the last run."""
    intake, increment = session.get(Intake, delivery.id), open_increment(session, delivery.id)
    if intake is None or increment is not None:
        return None
    return intake.run_at


def without_runs() -> sa.ColumnElement[bool]:
    """As a condition on Delivery: that it is continuous, has begun, and no run is planned."""
    mine = (Intake.delivery_id == Delivery.id, Intake.run_at.is_(None))
    return sa.exists().where(*mine).correlate(Delivery)


def has_ended(session: Session, delivery: Delivery) -> bool:
    """Whether no run is left and none is open."""
    intake = session.get(Intake, delivery.id)
    return intake is not None and intake.run_at is None and open_increment(session, delivery.id) is None


def _open(uow: UnitOfWork, delivery: Delivery) -> None:
    """It was confirmed once: whom its preparation found are the first increment, later ones come by themselves."""
    task = task_of(uow.session, delivery, uow.now)
    assert task.incremental is not None
    first = uow.session.get_one(Preparation, delivery.id)
    planned = next_run(task.incremental.recurrence, uow.now)
    looked = settled(first.started_at)
    uow.session.add(
        Intake(
            delivery_id=delivery.id,
            number=1,
            since=looked,
            largest=first.to_deliver,
            looked_at=uow.now,
            run_at=planned,
        )
    )
    setup = setup_of(uow.session, delivery)
    increment = _new(delivery, task.incremental, 1, uow.now, (task.incremental.begins, looked), 0)
    for name in (
        "people",
        "targeted",
        "to_deliver",
        "excluded",
        "causes",
        "warnings",
        "started_at",
        "ended_at",
    ):
        setattr(increment, name, getattr(first, name))
    increment.state, increment.stage = IncrementState.RELEASED, Stage.OVER
    increment.confirmed_by = setup.confirmed_by
    version = ContentVersion(
        delivery_id=delivery.id, number=1, wording_id=setup.wording_id, created_at=uow.now
    )
    version.author_id = setup.confirmed_by
    uow.session.add_all([increment, version])
    uow.session.flush()


def _look(uow: UnitOfWork, delivery: Delivery, intake: Intake) -> None:
    """One run at most, the newest of those that are due. The rule: nothing new means no run and no error."""
    task = task_of(uow.session, delivery, uow.now)
    wanted = task.incremental
    assert wanted is not None
    due = runs_between(wanted.recurrence, intake.looked_at, uow.now)
    intake.looked_at, intake.run_at = uow.now, next_run(wanted.recurrence, uow.now)
    delivery.next_at = uow.now
    if not due:
        return
    if not may_fire(wanted.recurrence, uow.now):
        hours = f"{wanted.recurrence.opens} to {wanted.recurrence.closes}"
        note(uow, delivery.id, f"A run came too late: runs may begin from {hours}.", Level.WARNING)
        return
    _begin(uow, task, wanted, intake, due)


def _begin(uow: UnitOfWork, task: Task, wanted: Incremental, intake: Intake, due: list[datetime]) -> None:
    delivery, until = task.delivery, settled(uow.now)
    people = [
        *targeted(uow.session, task.audience, task.owner),
        *coming(task, wanted, intake, intake.since, until),
    ]
    number = count_where(uow.session, people)
    if number:
        intake.number += 1
        between = (intake.since, until)
        increment = _new(delivery, wanted, intake.number, due[-1], between, intake.history)
        increment.people, increment.started_at = number, uow.now
        uow.session.add(increment)
        uow.session.flush()
        _tell_of_missed(uow, delivery, len(due) - 1)
        note(uow, delivery.id, f"Run {increment.number} found {number:,}.")
    intake.since = until


def _new(
    delivery: Delivery,
    wanted: Incremental,
    number: int,
    at: datetime,
    between: tuple[datetime, datetime],
    history: int,
) -> Increment:
    """The rule: the occasion is 0 for “not yet taken” (until its history is reset), the run for “changed since”."""
    return Increment(
        delivery_id=delivery.id,
        number=number,
        due_at=at,
        stage=Stage.WITHOUT_ADDRESS,
        occasion=history if wanted.mode is Mode.NEW else number,
        since=between[0],
        until=between[1],
    )


def _tell_of_missed(uow: UnitOfWork, delivery: Delivery, missed: int) -> None:
    """The rule: a run missed while everything was down fires once; it takes whoever those would have taken."""
    if missed:
        many = f"{missed:,} earlier run{'' if missed == 1 else 's'}"
        words = f"{many} could not begin in time: this one takes whoever they would have taken."
        note(uow, delivery.id, words)


def _prepare_on(
    uow: UnitOfWork, delivery: Delivery, increment: Increment, reachable: bool, chunk: int
) -> None:
    task = task_of(uow.session, delivery, uow.now)
    assert task.incremental is not None
    if task.problems:
        _fail(uow, delivery, increment, " ".join(task.problems.values()))
    elif increment.stage is Stage.OVER:
        conclude_increment(uow, task, increment, reachable=reachable)
    else:
        intake = uow.session.get_one(Intake, delivery.id)
        next_chunk(
            uow, task, target_of(uow.session, task, task.incremental, intake, increment), increment, chunk
        )
    delivery.next_at = uow.now


def _fail(uow: UnitOfWork, delivery: Delivery, increment: Increment, words: str) -> None:
    """What it has found is looked for again by the next run."""
    forget(uow.session, increment)
    uow.session.get_one(Intake, delivery.id).since = increment.since
    uow.move(INCREMENT, increment, "fail", about=about(delivery), words=words, ended_at=uow.now)
    note(uow, delivery.id, f"Run {increment.number} could not be prepared: {words}", Level.ERROR)
