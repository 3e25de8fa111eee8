"""Name, category and settings of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.calendars.schedules import names_of
from sales_campaigns.campaigns.creating import change_settings, rename_campaign
from sales_campaigns.campaigns.listing import campaign_of, categories_of
from sales_campaigns.campaigns.stored_settings import settings_of, settings_typed, typed_form
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("campaign_settings", __name__, url_prefix="/campaigns/<int:campaign_id>/settings")


@pages.get("")
def form(campaign_id: int) -> str:
    campaign = campaign_of(work().session, me(), campaign_id)
    typed = typed_form(settings_of(newest(work().session, campaign).settings))
    named = {"name": campaign.name, "category": campaign.category}
    return _form(campaign_id, {**named, **typed}, {})


@pages.post("")
def save(campaign_id: int) -> AnyResponse | tuple[str, int]:
    typed = request.form
    try:
        settings = settings_typed(typed)
        rename_campaign(work(), me(), campaign_id, typed.get("name", ""), typed.get("category", ""))
        change_settings(work(), me(), campaign_id, settings)
    except Invalid as refusal:
        return _form(campaign_id, typed, refusal.problems), 422
    return go(url_for("campaign_editor.index", campaign_id=campaign_id), "The settings are saved.")


def _form(campaign_id: int, typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    session = work().session
    campaign = campaign_of(session, me(), campaign_id)
    return page(
        "campaign_settings/index.html",
        campaign=campaign,
        categories=categories_of(session, me()),
        schedules=_schedules(names_of(session, campaign.team_id), str(typed.get("schedule") or "")),
        typed=typed,
        problems=problems,
    )


def _schedules(names: list[str], chosen: str) -> list[tuple[str, str]]:
    """What the form offers; nothing where there is no schedule. One that is gone stays until another is chosen."""
    known = [*names, *([chosen] if chosen and chosen not in names else [])]
    return [("", "None: as set below"), *((name, name) for name in known)] if known else []
