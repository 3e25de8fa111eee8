"""A test under way: it is looked at now and then, and ends with a winner or with a question to a person."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.ab_tests.releasing import decide
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery, Level, Recipient
from sales_campaigns.deliveries.variants.figures import rest_of, variant_figures
from sales_campaigns.deliveries.variants.models import AbTest, AbTestState
from sales_campaigns.deliveries.variants.plan import Chooser, Judgement, is_over, judged
from sales_campaigns.deliveries.variants.reading import ab_test_of, plan_of
from sales_campaigns.deliveries.variants.states import AB_TEST, UNDECIDED
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.unit_of_work import UnitOfWork

LOOK = timedelta(minutes=15)
_NOT_LEFT = (MessageState.PENDING, MessageState.CLAIMED, MessageState.SENDING)


def look_at_test(uow: UnitOfWork, delivery: Delivery) -> bool:
    """Whatever the test of this delivery has to do now; False when that is nothing."""
    test = ab_test_of(uow.session, delivery.id)
    if test is None or test.state is not AbTestState.RUNNING:
        return False
    if test.left_at is None:
        test.left_at = _left(uow.session, delivery.id, uow.now)
    if test.left_at is None:
        return False
    plan, figures = plan_of(test), variant_figures(uow.session, test)
    samples = {letter: one.sample(plan.measure) for letter, one in figures.items()}
    if not is_over(plan, test.left_at, samples, uow.now):
        return False
    return _conclude(uow, delivery, test, judged(plan, samples))


def next_test_look(session: Session, delivery: Delivery, now: datetime) -> datetime | None:
    """When its test has something to do next; None without a test, and while a person must choose."""
    test = ab_test_of(session, delivery.id)
    if test is None or test.state is not AbTestState.RUNNING:
        return None
    end = test.left_at + plan_of(test).lasts if test.left_at else now + LOOK
    return min(now + LOOK, end)


def waits_for_winner(session: Session, delivery_id: int) -> bool:
    """Whether some of its recipients wait for the end of a test."""
    test = ab_test_of(session, delivery_id)
    return test is not None and test.state in UNDECIDED and rest_of(session, delivery_id) > 0


def lapse(uow: UnitOfWork, delivery: Delivery) -> None:
    """The delivery ends without a winner: stopped, or out of its validity."""
    test = ab_test_of(uow.session, delivery.id)
    if test is not None and test.state in UNDECIDED:
        uow.move(AB_TEST, test, "lapse", about=about(delivery))


def _left(session: Session, delivery_id: int, now: datetime) -> datetime | None:
    """When the last mail of the test part had left; None while one of them has not."""
    tried = (Message.delivery_id == delivery_id, Message.variant != "", ~Message.proof)
    waits = sa.exists().where(Recipient.delivery_id == delivery_id, Recipient.variant != "")
    going = sa.exists().where(*tried, Message.state.in_(_NOT_LEFT))
    if session.scalar(sa.select(sa.or_(waits, going))):
        return None
    return session.scalar(sa.select(sa.func.max(Message.sent_at)).where(*tried)) or now


def _conclude(uow: UnitOfWork, delivery: Delivery, test: AbTest, found: Judgement) -> bool:
    """Before its time only with a winner, or where a person is to choose anyway."""
    if found.winner:
        decide(uow, delivery, test, found.winner, found.words)
        return True
    assert test.left_at is not None
    in_time = uow.now < test.left_at + plan_of(test).lasts
    if in_time and test.chooser is not Chooser.PERSON:
        return False
    told = {
        **about(delivery),
        "data": {"delivery": delivery.id, "name": delivery.name, "words": _asks(found)},
    }
    uow.move(AB_TEST, test, "wait", about=told, words=found.words)
    note(
        uow,
        delivery.id,
        f"The A/B test is over. {found.words} Somebody must choose the winner.",
        Level.WARNING,
    )
    return True


def _asks(found: Judgement) -> str:
    return f"its A/B test is over, and somebody must choose the winner. {found.words}"
