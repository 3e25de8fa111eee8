"""Delivery templates: settings under a name, for deliveries that are made from them."""

from __future__ import annotations

from pydantic import AwareDatetime

from sales_campaigns.deliveries.inputs import settings_from
from sales_campaigns.deliveries.models import DeliveryTemplate
from sales_campaigns.deliveries.templates import (
    delete_delivery_template,
    delivery_template_of,
    delivery_templates_of,
    save_delivery_template,
    template_from,
)
from web.api.deliveries.shapes import SettingsShown, SettingsTyped
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, Line, Shown
from web.request_scope import me, work

api = Area("deliveries", "")
EXAMPLE = {"name": "Price lists", "settings": {"priority": "low"}}


class DeliveryTemplateTyped(Asked):
    name: Line
    settings: SettingsTyped = SettingsTyped()


class DeliveryTemplateShown(Shown):
    id: int
    name: str
    author_id: int
    settings: SettingsShown
    changed_at: AwareDatetime


class DeliveryTemplatesShown(Shown):
    templates: list[DeliveryTemplateShown]


@api.get("/delivery-templates")
def list_delivery_templates() -> DeliveryTemplatesShown:
    """Those of your team, by name."""
    found = delivery_templates_of(work().session, me())
    return DeliveryTemplatesShown(templates=[_shown(one) for one in found])


@api.post("/delivery-templates", status=201, example=EXAMPLE)
def create_delivery_template(body: DeliveryTemplateTyped) -> DeliveryTemplateShown:
    """A new one."""
    return _shown(save_delivery_template(work(), me(), body.name, body.settings.settings()))


@api.get("/delivery-templates/<int:settings_id>")
def get_delivery_template(settings_id: int) -> DeliveryTemplateShown:
    """One of them."""
    return _shown(delivery_template_of(work().session, me(), settings_id))


@api.put(
    "/delivery-templates/<int:settings_id>",
    edits=Edits(DeliveryTemplate, get_delivery_template),
    example=EXAMPLE,
)
def change_delivery_template(settings_id: int, body: DeliveryTemplateTyped) -> DeliveryTemplateShown:
    """Replace it. Deliveries that were made from it stay as they are."""
    settings = body.settings.settings()
    return _shown(save_delivery_template(work(), me(), body.name, settings, settings_id))


@api.delete("/delivery-templates/<int:settings_id>")
def delete_delivery_template_of_team(settings_id: int) -> None:
    """Take it away."""
    delete_delivery_template(work(), me(), settings_id)


@api.post("/deliveries/<int:delivery_id>/settings-as-template", status=201)
def keep_settings_as_template(delivery_id: int) -> DeliveryTemplateShown:
    """The settings of a delivery, under its name."""
    return _shown(template_from(work(), me(), delivery_id))


def _shown(one: DeliveryTemplate) -> DeliveryTemplateShown:
    kept = {name: getattr(one, name) for name in ("id", "name", "author_id", "changed_at")}
    settings = SettingsShown.model_validate(settings_from(one.settings))
    return DeliveryTemplateShown(**kept, settings=settings)
