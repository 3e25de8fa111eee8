"""Reading the test of a delivery: its plan, its variants, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.listing import visible
from sales_campaigns.deliveries.models import Delivery, DeliverySetup
from sales_campaigns.deliveries.states import GOES_ON
from sales_campaigns.deliveries.variants.models import AbTest, AbTestState, DeliveryVariant
from sales_campaigns.deliveries.variants.plan import LETTERS, Plan

FIRST = LETTERS[0]
_PLANNED = ("share", "measure", "hours", "floor", "chooser")


def ab_test_of(session: Session, delivery_id: int) -> AbTest | None:
    """None for a delivery that says the same to everybody."""
    return session.scalar(sa.select(AbTest).where(AbTest.delivery_id == delivery_id))


def plan_of(test: AbTest) -> Plan:
    return Plan(**{name: getattr(test, name) for name in _PLANNED})


def variants_of(session: Session, delivery_id: int) -> Sequence[DeliveryVariant]:
    """B, and C where there is one."""
    mine = sa.select(DeliveryVariant).where(DeliveryVariant.delivery_id == delivery_id)
    return session.scalars(mine.order_by(DeliveryVariant.key)).all()


def wordings_of(session: Session, setup: DeliverySetup) -> dict[str, int | None]:
    """Letter → wording; A alone for a delivery without a test."""
    others = {one.key: one.wording_id for one in variants_of(session, setup.delivery_id)}
    return {FIRST: setup.wording_id, **others}


def contents_of(session: Session, setup: DeliverySetup) -> dict[str, Content]:
    """Letter → what it says; A alone for a delivery without a test."""
    return {
        letter: content_of(session.get(Wording, wording_id) if wording_id else None)
        for letter, wording_id in wordings_of(session, setup).items()
    }


def inputs_of(session: Session, delivery_id: int) -> Mapping[str, Any]:
    """What of a test is an input of the delivery, for its hash; nothing for one without."""
    test = ab_test_of(session, delivery_id)
    if test is None:
        return {}
    variants = {one.key: one.wording_id for one in variants_of(session, delivery_id)}
    return {"test": {name: getattr(test, name) for name in _PLANNED}, "variants": variants}


def waiting_tests(session: Session, actor: User, limit: int = 5) -> list[tuple[AbTest, Delivery]]:
    """Tests of the actor's team that are over and wait for somebody to choose the winner."""
    rows = session.execute(
        sa.select(AbTest, Delivery)
        .join(Delivery, Delivery.id == AbTest.delivery_id)
        .where(*visible(actor), Delivery.state.in_(GOES_ON), AbTest.state == AbTestState.WAITING)
        .order_by(AbTest.id.desc())
        .limit(limit)
    )
    return [(test, delivery) for test, delivery in rows]
