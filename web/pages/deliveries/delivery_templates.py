"""Delivery templates: settings under a name, for deliveries that are made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.holders import require_or_name, who_may
from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.inputs import START_WORDS, Schedule, Settings, settings_from
from sales_campaigns.deliveries.models import DeliveryTemplate
from sales_campaigns.deliveries.templates import (
    delete_delivery_template,
    delivery_template_of,
    delivery_templates_of,
    save_delivery_template,
    template_from,
)
from sales_campaigns.deliveries.typology.rules import typologies
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.pages.deliveries import delivery_form
from web.pages.deliveries.delivery_words import settings_words
from web.request_scope import me, work

pages = Blueprint("delivery_templates", __name__)


@pages.get("/delivery-templates")
def index() -> str:
    lines = [
        (one, settings_words(settings_from(one.settings)))
        for one in delivery_templates_of(work().session, me())
    ]
    return page("delivery_templates/index.html", lines=lines, may_change=may(me(), "prepare_deliveries"))


@pages.get("/delivery-templates/new")
def new() -> str:
    require_or_name(work().session, me(), "prepare_deliveries")
    return _form({"name": "", **delivery_form.form_of_settings(Settings(), Schedule())}, {})


@pages.post("/delivery-templates")
def add() -> Response | tuple[str, int]:
    return _save(None)


@pages.get("/delivery-templates/<int:settings_id>")
def edit(settings_id: int) -> str:
    template = delivery_template_of(work().session, me(), settings_id)
    shown = delivery_form.form_of_settings(settings_from(template.settings), Schedule())
    return _form({"name": template.name, **shown}, {}, template)


@pages.post("/delivery-templates/<int:settings_id>")
def save(settings_id: int) -> Response | tuple[str, int]:
    return _save(delivery_template_of(work().session, me(), settings_id))


@pages.post("/delivery-templates/<int:settings_id>/delete")
def delete(settings_id: int) -> Response:
    name = delete_delivery_template(work(), me(), settings_id)
    return go(url_for(".index"), f"“{name}” was deleted. Deliveries made from it stay as they are.")


@pages.post("/deliveries/<int:delivery_id>/settings-as-template")
def keep(delivery_id: int) -> Response:
    """The settings of a delivery, under its name."""
    template = template_from(work(), me(), delivery_id)
    return go(url_for(".edit", settings_id=template.id), "Its settings are a template now.")


def _save(template: DeliveryTemplate | None) -> Response | tuple[str, int]:
    typed = request.form
    try:
        settings = delivery_form.settings_typed(typed, Schedule(), _kept(template))
        save_delivery_template(
            work(), me(), typed.get("name", ""), settings, template.id if template else None
        )
    except Invalid as refusal:
        return _form(typed, refusal.problems, template), 422
    return go(url_for(".index"), "Saved. Deliveries made from it before stay as they are.")


def _kept(template: DeliveryTemplate | None) -> Settings:
    return settings_from(template.settings) if template else Settings()


def _form(
    typed: Mapping[str, Any], problems: Mapping[str, str], template: DeliveryTemplate | None = None
) -> str:
    waves = dict(settings_words(_kept(template)))["Waves"] if template else ""
    return page(
        "delivery_templates/form.html",
        kept=template,
        typed=typed,
        problems=problems,
        labels=delivery_form.LABELS,
        waves=waves if typed.get("waves") in {"calendar", "kept"} else "",
        typologies=typologies(work().session, me().team_id),
        start_options=[(value.value, words) for value, words in START_WORDS.items()],
        may_start=may(me(), "start_deliveries"),
        may_write=may(me(), "prepare_deliveries"),
        who_can=who_may(work().session, "prepare_deliveries", me().team_id),
    )
