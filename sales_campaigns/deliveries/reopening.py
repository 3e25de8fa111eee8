"""Take a delivery back to editing: what is changed must be prepared and confirmed anew."""

from __future__ import annotations

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.unit_of_work import UnitOfWork


def reopen(uow: UnitOfWork, actor: User, delivery: Delivery) -> None:
    """Back to editing, from a confirmation too: what is changed must be prepared and confirmed anew."""
    if delivery.state is DeliveryState.EDITING:
        return
    if delivery.state is DeliveryState.SCHEDULED:
        uow.move(
            DELIVERY, delivery, "unschedule", about=about(delivery, actor), starts_at=None, valid_until=None
        )
    uow.move(DELIVERY, delivery, "edit", about=about(delivery, actor), next_at=None)
    note(uow, delivery.id, f"{actor.name} changed it: it must be prepared again.")
