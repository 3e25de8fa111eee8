"""A delivery under way: begins at its date, fills the outbox as its recipients fall due, and comes to an end.

The outbox holds few of its messages at a time, so that a rep's own mail from the same mailbox waits behind hundreds
and never behind a million, and that looking for due mail costs the same however large a delivery is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.ab_tests.running import (
    lapse,
    look_at_test,
    next_test_look,
    waits_for_winner,
)
from sales_campaigns.deliveries.confirming import AWAITED, begin, start_by_itself
from sales_campaigns.deliveries.continuous.running import has_ended, next_look, run_on, without_runs
from sales_campaigns.deliveries.filling import MOST_WAITING, make_messages, others_first, waiting_messages
from sales_campaigns.deliveries.inputs import StartBy
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, parent_of
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Level,
    Recipient,
)
from sales_campaigns.deliveries.pausing import cancel_waiting
from sales_campaigns.deliveries.preparing import prepare_chunk
from sales_campaigns.deliveries.series import run_due
from sales_campaigns.deliveries.setups import schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.slots import earliest
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.taking_up import finished_too_early, take_up_if_tried_again
from sales_campaigns.messages.models import LIVE, Message
from sales_campaigns.unit_of_work import UnitOfWork

_WORKING = (DeliveryState.SCHEDULED, DeliveryState.IN_PROGRESS, DeliveryState.PAUSED, *AWAITED)


def due_deliveries(session: Session, now: datetime) -> list[int]:
    """Those that are being prepared, that have a date to keep, that have nothing left to send, or something again."""
    done = sa.and_(
        sa.or_(Delivery.kind == DeliveryKind.SINGLE, without_runs()),
        Delivery.state == DeliveryState.IN_PROGRESS,
        ~_live_messages(),
        ~_recipients(),
    )
    preparing = Delivery.state == DeliveryState.PREPARING
    due = sa.and_(Delivery.next_at <= now, Delivery.state.in_(_WORKING))
    found = sa.or_(preparing, due, done, finished_too_early())
    return list(session.scalars(sa.select(Delivery.id).where(found).order_by(Delivery.id)))


def next_delivery(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some delivery has something to do."""
    return session.scalar(
        sa.select(sa.func.min(Delivery.next_at)).where(Delivery.next_at > after, Delivery.state.in_(_WORKING))
    )


def carry_on(uow: UnitOfWork, delivery_id: int, *, reachable: bool, most: int = MOST_WAITING) -> bool:
    """Whatever this delivery has to do now; False when that is nothing.

    `reachable`: whether PUBLIC_URL allows bulk mail; `most` messages of it wait in the outbox at a time.
    """
    if prepare_chunk(uow, delivery_id):
        return True
    delivery = uow.session.scalar(sa.select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if delivery is None:
        return False
    is_due = delivery.next_at is not None and delivery.next_at <= uow.now
    if delivery.state is DeliveryState.SCHEDULED and is_due:
        begin(uow, delivery)
        return True
    if delivery.state in AWAITED and is_due:
        _nobody_confirmed(uow, delivery, reachable)
        return True
    if take_up_if_tried_again(uow, delivery):
        return True
    return _send_on(uow, delivery, reachable, most)


def _nobody_confirmed(uow: UnitOfWork, delivery: Delivery, reachable: bool) -> None:
    """The rule: past its date nothing is sent and an alert is raised; past validity it expires."""
    setup = setup_of(uow.session, delivery)
    settings = settings_of(setup)
    if settings.start_by is not StartBy.PERSON and delivery.state is DeliveryState.READY:
        start_by_itself(uow, delivery, reachable=reachable)
        return
    if parent_of(uow.session, delivery.id) is not None:
        _remind(uow, delivery)
        return
    end = _end_of_validity(setup, uow.now)
    if end <= uow.now:
        _expire(uow, delivery)
        return
    uow.record("delivery.overdue", **about(delivery))
    note(uow, delivery.id, "Its date has come and nobody has confirmed it: nothing is sent.", Level.WARNING)
    delivery.next_at = end


def _remind(uow: UnitOfWork, delivery: Delivery) -> None:
    """The rule: the confirmers of an execution are reminded a day before it ends as expired."""
    uow.record("delivery.reminded", **about(delivery))
    note(uow, delivery.id, "Those who may confirm it are reminded: when the next run is due it expires.")
    delivery.next_at = None


def _end_of_validity(setup: DeliverySetup, now: datetime) -> datetime:
    return (schedule_of(setup).instant or now) + settings_of(setup).validity


def _expire(uow: UnitOfWork, delivery: Delivery) -> None:
    delivery.next_at = None
    if delivery.state is DeliveryState.AWAITING_CONFIRMATION:
        uow.move(DELIVERY, delivery, "expire", about=about(delivery), ended_at=uow.now)
        note(
            uow,
            delivery.id,
            "Nobody confirmed it before its validity ended. Nothing was sent.",
            Level.WARNING,
        )


def _send_on(uow: UnitOfWork, delivery: Delivery, reachable: bool, most: int) -> bool:
    if delivery.state not in {DeliveryState.IN_PROGRESS, DeliveryState.PAUSED}:
        return False
    if delivery.kind is DeliveryKind.RECURRING:
        return _run_on(uow, delivery)
    if delivery.kind is DeliveryKind.CONTINUOUS:
        return _go_on(uow, delivery, reachable, most)
    if delivery.kind is not DeliveryKind.SINGLE:
        return False
    assert delivery.valid_until is not None
    if uow.now >= delivery.valid_until:
        _end(uow, delivery)
        return True
    if delivery.state is DeliveryState.PAUSED:
        delivery.next_at = delivery.valid_until
        return False
    return look_at_test(uow, delivery) or _feed(uow, delivery, most)


def _run_on(uow: UnitOfWork, delivery: Delivery) -> bool:
    due = delivery.next_at is not None and delivery.next_at <= uow.now
    if not due or delivery.state is DeliveryState.PAUSED:
        return False
    run_due(uow, delivery)
    return True


def _go_on(uow: UnitOfWork, delivery: Delivery, reachable: bool, most: int) -> bool:
    """A continuous delivery: its runs come first, then whoever they have found gets the mail."""
    if delivery.campaign_id is not None:
        return False
    if delivery.state is DeliveryState.PAUSED:
        delivery.next_at = None
        return False
    if run_on(uow, delivery, reachable=reachable):
        return True
    return _feed(uow, delivery, most)


def _end(uow: UnitOfWork, delivery: Delivery) -> None:
    """The rule: past validity what waits is cancelled and the delivery finishes, paused or not."""
    cancelled = cancel_waiting(uow, "the validity of its delivery is over", delivery.id)
    waiting = sa.select(sa.func.count()).where(Recipient.delivery_id == delivery.id)
    left = len(cancelled) + (uow.session.scalar(waiting) or 0)
    if left:
        note(uow, delivery.id, f"Its validity is over: {left:,} were not sent.", Level.WARNING)
    lapse(uow, delivery)
    _finish(uow, delivery)


def _finish(uow: UnitOfWork, delivery: Delivery) -> None:
    uow.move(DELIVERY, delivery, "finish", about=about(delivery), next_at=None, ended_at=uow.now)
    note(uow, delivery.id, "It is finished.")


def _feed(uow: UnitOfWork, delivery: Delivery, most: int) -> bool:
    """Make messages of the recipients that are due, as many as there is room for."""
    after = earliest(uow.session, delivery.id)
    if after is None:
        return _finish_when_done(uow, delivery)
    assert delivery.starts_at is not None
    due_at = delivery.starts_at + timedelta(seconds=after)
    if due_at > uow.now:
        changed = delivery.next_at != due_at
        ends = delivery.valid_until, next_look(uow.session, delivery)
        delivery.next_at = min((due_at, *(at for at in ends if at is not None)))
        return changed
    room = most - waiting_messages(uow.session, delivery)
    if room <= 0 or others_first(uow.session, delivery, uow.now):
        return False
    make_messages(uow, delivery, after, due_at, room)
    delivery.next_at = uow.now
    return True


def _finish_when_done(uow: UnitOfWork, delivery: Delivery) -> bool:
    if delivery.kind is DeliveryKind.CONTINUOUS and not has_ended(uow.session, delivery):
        delivery.next_at = next_look(uow.session, delivery)
        return False
    if waits_for_winner(uow.session, delivery.id):
        ends = delivery.valid_until, next_test_look(uow.session, delivery, uow.now)
        delivery.next_at = min(at for at in ends if at is not None)
        return False
    if waiting_messages(uow.session, delivery):
        changed = delivery.next_at != delivery.valid_until
        delivery.next_at = delivery.valid_until
        return changed
    _finish(uow, delivery)
    return True


def _live_messages() -> sa.ColumnElement[bool]:
    return (
        sa.exists().where(Message.delivery_id == Delivery.id, sa.text(f"message.{LIVE}")).correlate(Delivery)
    )


def _recipients() -> sa.ColumnElement[bool]:
    return sa.exists().where(Recipient.delivery_id == Delivery.id).correlate(Delivery)
