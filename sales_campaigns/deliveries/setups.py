"""The inputs of a delivery as stored: read them as values, and the hash that tells whether they were prepared."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sales_campaigns.deliveries.incremental import Incremental, incremental_from
from sales_campaigns.deliveries.inputs import (
    Audience,
    Schedule,
    Settings,
    audience_from,
    digest,
    schedule_from,
    settings_from,
)
from sales_campaigns.deliveries.models import Delivery, DeliverySetup, Preparation
from sales_campaigns.deliveries.variants.reading import inputs_of
from sales_campaigns.errors import NotFound


def setup_of(session: Session, delivery: Delivery) -> DeliverySetup:
    """Raises NotFound for a delivery that nobody sets up: a campaign's step, a personal mail."""
    found = session.get(DeliverySetup, delivery.id)
    if found is None:
        raise NotFound("This delivery belongs to a campaign step or a single mail; it is not set up here.")
    return found


def audience_of(setup: DeliverySetup) -> Audience:
    return audience_from(setup.audience)


def schedule_of(setup: DeliverySetup) -> Schedule:
    return schedule_from(setup.schedule)


def settings_of(setup: DeliverySetup) -> Settings:
    return settings_from(setup.settings)


def incremental_of(setup: DeliverySetup) -> Incremental | None:
    """None for a delivery that is not continuous."""
    return incremental_from(setup.incremental)


def hash_of(session: Session, delivery: Delivery) -> str:
    """The rule: any change of content, audience, sender, schedule or settings after preparation needs another one."""
    setup = setup_of(session, delivery)
    return digest(
        {
            "mailbox": setup.mailbox_id,
            "wording": setup.wording_id,
            "audience": setup.audience,
            "schedule": setup.schedule,
            "settings": setup.settings,
            # What is not continuous and has no test keeps the hash that it was prepared with before there were such.
            **({"incremental": setup.incremental} if setup.incremental else {}),
            **inputs_of(session, delivery.id),
        }
    )


def is_stale(session: Session, delivery: Delivery) -> bool:
    """Whether what was prepared is not what would be sent."""
    preparation = session.get(Preparation, delivery.id)
    return preparation is None or preparation.inputs != hash_of(session, delivery)
