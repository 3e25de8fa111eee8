"""A delivery whose mail came back and is tried again is not finished: it can be paused and stopped until it is over."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliveryState
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.messages.models import LIVE, Message, MessageState
from sales_campaigns.unit_of_work import UnitOfWork


def finished_too_early() -> sa.ColumnElement[bool]:
    """Finished, and some of its mails wait to be tried again. Asked from the few mails that wait."""
    tried_again = sa.select(Message.delivery_id).where(
        sa.text(f"message.{LIVE}"), Message.state == MessageState.RETRYING
    )
    return sa.and_(
        Delivery.kind == DeliveryKind.SINGLE,
        Delivery.state == DeliveryState.FINISHED,
        Delivery.id.in_(tried_again),
    )


def take_up_if_tried_again(uow: UnitOfWork, delivery: Delivery) -> bool:
    """The rule: soft failures are tried again until validity ends, and stop cancels what is retrying.

    It is in progress again where this is so; it finishes once more by itself.
    """
    early = sa.select(Delivery.id).where(Delivery.id == delivery.id, finished_too_early())
    if delivery.state is not DeliveryState.FINISHED or uow.session.scalar(early) is None:
        return False
    uow.move(
        DELIVERY,
        delivery,
        "take_up_again",
        about=about(delivery),
        next_at=delivery.valid_until,
        ended_at=None,
    )
    note(uow, delivery.id, "Mail came back and is tried again: it is in progress until that is over.")
    return True
