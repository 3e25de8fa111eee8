"""Let the people of an increment have the mail, or ask somebody first: the rule of the ceiling, and what is said."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.capacity import Span, deal_into_slots
from sales_campaigns.deliveries.confirming import UNREACHABLE, require_start
from sales_campaigns.deliveries.continuous.models import Increment, IncrementState, Intake
from sales_campaigns.deliveries.continuous.reading import increment_of
from sales_campaigns.deliveries.continuous.states import INCREMENT
from sales_campaigns.deliveries.incremental import ceiling_of
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, Exclusion, Level, Recipient
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.proofing.seeds import add_seeds
from sales_campaigns.deliveries.slots import latest
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.deliveries.typology.rules import sentences
from sales_campaigns.errors import IllegalMove
from sales_campaigns.unit_of_work import UnitOfWork


def conclude_increment(uow: UnitOfWork, task: Task, increment: Increment, *, reachable: bool) -> None:
    """The rule: each is prepared and journalled by itself; one over its ceiling waits for a confirmation."""
    assert task.incremental is not None
    increment.ended_at = uow.now
    _tell(uow, task, increment)
    intake = uow.session.get_one(Intake, increment.delivery_id)
    ceiling = ceiling_of(task.incremental, intake.largest)
    if increment.to_deliver and not reachable:
        _wait(uow, task.delivery, increment, UNREACHABLE)
    elif increment.to_deliver > ceiling:
        words = f"{increment.to_deliver:,} people are more than {ceiling:,}, the ceiling of one run."
        _wait(uow, task.delivery, increment, words)
    else:
        _release(uow, task, increment)


def confirm_increment(
    uow: UnitOfWork, actor: User, delivery_id: int, number: int, *, reachable: bool
) -> Increment:
    """Let the people of a waiting increment have the mail. Raises NotAllowed with who can, IllegalMove."""
    delivery, increment = _waiting(uow, actor, delivery_id, number)
    if not reachable:
        raise IllegalMove(UNREACHABLE)
    increment.confirmed_by = actor.id
    _release(uow, task_of(uow.session, delivery, uow.now), increment, actor)
    note(uow, delivery.id, f"{actor.name} confirmed run {number}: {increment.to_deliver:,} people.")
    return increment


def drop_increment(uow: UnitOfWork, actor: User, delivery_id: int, number: int) -> Increment:
    """Nobody of a waiting increment gets the mail. Who was not taken yet is found by the next run again."""
    delivery, increment = _waiting(uow, actor, delivery_id, number)
    forget(uow.session, increment)
    uow.move(INCREMENT, increment, "drop", about=_about(delivery, increment, actor))
    note(uow, delivery.id, f"{actor.name} dropped run {number}: nobody of it gets the mail.", Level.WARNING)
    delivery.next_at = uow.now
    return increment


def forget(session: Session, increment: Increment) -> None:
    """Take back what an increment has written down so far."""
    mine = (Recipient.delivery_id == increment.delivery_id, Recipient.after.is_(None))
    session.execute(sa.delete(Recipient).where(*mine))
    left_out = (Exclusion.delivery_id == increment.delivery_id, Exclusion.run == increment.number)
    session.execute(sa.delete(Exclusion).where(*left_out))


def _waiting(uow: UnitOfWork, actor: User, delivery_id: int, number: int) -> tuple[Delivery, Increment]:
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    if delivery.state in OVER:
        raise IllegalMove("This delivery is over: nothing of it leaves any more.")
    found = increment_of(uow.session, delivery, number)
    if found.state is not IncrementState.WAITING:
        raise IllegalMove(f"Run {number} waits for nobody: {INCREMENT.sentences[found.state]}")
    return delivery, found


def _wait(uow: UnitOfWork, delivery: Delivery, increment: Increment, words: str) -> None:
    uow.move(INCREMENT, increment, "wait", about=_about(delivery, increment), words=words)
    note(uow, delivery.id, f"Run {increment.number} waits for a confirmation. {words}", Level.WARNING)


def _release(uow: UnitOfWork, task: Task, increment: Increment, actor: User | None = None) -> None:
    """From now on they are recipients like any others, and seeds get their copy with the first of them."""
    delivery, intake = task.delivery, uow.session.get_one(Intake, increment.delivery_id)
    _let_leave(uow, task)
    add_seeds(uow, delivery)
    intake.largest = max(intake.largest, increment.to_deliver)
    delivery.next_at = uow.now
    uow.move(INCREMENT, increment, "release", about=_about(delivery, increment, actor))


def _let_leave(uow: UnitOfWork, task: Task) -> None:
    """At once. Under a capacity they stand behind those who wait already, and take the next slots."""
    session, delivery = uow.session, task.delivery
    assert delivery.starts_at is not None
    after = int((uow.now - delivery.starts_at).total_seconds())
    moving = [rule for rule in task.capacity if not rule.excludes]
    if moving:
        after = max(after, latest(session, delivery.id) + 1)
    mine = (Recipient.delivery_id == delivery.id, Recipient.after.is_(None))
    session.execute(
        sa.update(Recipient).where(*mine).values(after=after).execution_options(synchronize_session=False)
    )
    if moving and task.mailbox is not None:
        deal_into_slots(session, Span(delivery, task.mailbox, delivery.starts_at, uow.now, after), moving)


def _tell(uow: UnitOfWork, task: Task, increment: Increment) -> None:
    known, number = sentences(uow.session, task.delivery.team_id), task.delivery.id
    counted = f"{increment.targeted:,} targeted, {increment.to_deliver:,} to deliver"
    note(uow, number, f"Run {increment.number}: {counted}, {increment.excluded:,} excluded.")
    for cause, excluded in sorted(increment.causes.items(), key=lambda item: -item[1]):
        note(uow, number, f"Run {increment.number}: {excluded:,} excluded: {known.get(cause, cause)}")


def _about(delivery: Delivery, increment: Increment, actor: User | None = None) -> dict[str, object]:
    columns = about(delivery, actor)
    return {**columns, "data": {"delivery": delivery.id, "name": delivery.name, "run": increment.number}}
