"""Deliveries: find, write, change, copy, delete."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.editing import change, create, delete, duplicate
from sales_campaigns.deliveries.listing import Asked, deliveries_of, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from web.api.deliveries.shapes import (
    DeliveryFiguresShown,
    DeliveryShown,
    DeliveryTyped,
    DeliveryWhole,
    delivery_shown,
    figures_shown,
)
from web.api.protocol import cursors
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import AskedPage, Page
from web.request_scope import me, work

api = Area("deliveries", "One content to many people: prepared, confirmed, sent, measured.")
EXAMPLE = {
    "name": "Autumn price list",
    "subject": "New prices",
    "html": "<p>Hello {{ first_name }}</p>",
    "mailbox_id": 1,
    "audience": {"everybody": True},
}


class DeliveriesAsked(AskedPage):
    search: str = Field("", max_length=200)
    state: DeliveryState | None = None
    steps: bool = Field(False, description="The deliveries of campaign steps instead.")


@api.get("/deliveries")
def list_deliveries(query: DeliveriesAsked) -> Page[DeliveryShown]:
    """The newest first."""
    lines = deliveries_of(
        work().session,
        me(),
        search=query.search,
        states=[query.state] if query.state else [],
        asked=Asked.STEPS if query.steps else None,
        before=cursors.read(query.after, int),
        limit=query.limit,
    )
    more = lines[-1].delivery.id if len(lines) == query.limit else None
    items = [DeliveryShown.model_validate(line.delivery) for line in lines]
    return Page[DeliveryShown](items=items, after=cursors.written(more))


@api.post("/deliveries", status=201, example=EXAMPLE)
def create_delivery(body: DeliveryTyped) -> DeliveryWhole:
    """Write one. Nothing is sent before it is prepared and confirmed."""
    require(me(), "prepare_deliveries")
    return delivery_shown(create(work(), me(), body.wish(me().team_id)))


@api.get("/deliveries/<int:delivery_id>")
def get_delivery(delivery_id: int) -> DeliveryWhole:
    """One delivery as it was set up."""
    return delivery_shown(delivery_of(work().session, me(), delivery_id))


@api.put("/deliveries/<int:delivery_id>", edits=Edits(Delivery, get_delivery), example=EXAMPLE)
def change_delivery(delivery_id: int, body: DeliveryTyped) -> DeliveryWhole:
    """Change what was set up; it has to be prepared again."""
    kept = get_delivery(delivery_id)
    team_id = delivery_of(work().session, me(), delivery_id).team_id
    return delivery_shown(change(work(), me(), delivery_id, body.wish(team_id, kept.files)))


@api.get("/deliveries/<int:delivery_id>/figures")
def get_delivery_figures(delivery_id: int) -> DeliveryFiguresShown:
    """How it stands: the numbers, computed from the rows."""
    return figures_shown(delivery_of(work().session, me(), delivery_id))


@api.post("/deliveries/<int:delivery_id>/duplicate", status=201)
def duplicate_delivery(delivery_id: int) -> DeliveryWhole:
    """A copy with content, audience and settings; its schedule is cleared."""
    return delivery_shown(duplicate(work(), me(), delivery_id))


@api.delete("/deliveries/<int:delivery_id>")
def delete_delivery(delivery_id: int) -> None:
    """Take one away that has not begun."""
    delete(work(), me(), delivery_id)
