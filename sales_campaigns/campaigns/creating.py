"""Making a campaign, naming it, and choosing its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import require_open
from sales_campaigns.calendars.schedules import refuse_unknown_schedule
from sales_campaigns.campaigns.drafts import Steps
from sales_campaigns.campaigns.editing import Edited, opened
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.holiday_dates import refuse_unknown_place
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.stored_settings import stored_form
from sales_campaigns.campaigns.versions import drafts_of, save_version
from sales_campaigns.content.characters import one_line
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 200
LONGEST_CATEGORY = 120
UNSORTED = "General"  # the rule: a campaign is in one category


def create_campaign(uow: UnitOfWork, actor: User, name: str, category: str = "") -> Campaign:
    """A draft without steps. Raises Invalid for `name` and `category`.

    The rule: campaigns made in the editor begin with weekends skipped, the sender's holidays, and a window of
    08:00 to 18:00.
    """
    return add_campaign(uow, actor, name, category, (), editor_settings(actor))


def add_campaign(
    uow: UnitOfWork, actor: User, name: str, category: str, steps: Steps, settings: Mapping[str, Any]
) -> Campaign:
    """A draft with these steps, which the caller has checked, and its hold."""
    require_open(uow.session, actor, "edit_campaigns")
    name, category = checked_name(uow.session, actor.team_id, name, category)
    campaign = Campaign(
        team_id=actor.team_id,
        owner_id=actor.id,
        name=name,
        category=category,
        created_at=uow.now,
        changed_at=uow.now,
    )
    uow.session.add(campaign)
    uow.session.flush()
    make_holds(uow.session, "campaign", [campaign.id])
    save_version(uow, actor, campaign, steps, settings)
    uow.record("campaign.created", **_about(actor, campaign))
    return campaign


def rename_campaign(uow: UnitOfWork, actor: User, campaign_id: int, name: str, category: str) -> Campaign:
    """Raises NotFound, and Invalid as `create_campaign`."""
    campaign, _ = opened(uow, actor, campaign_id)
    name, category = checked_name(uow.session, campaign.team_id, name, category, but=campaign.id)
    campaign.name, campaign.category, campaign.changed_at = name, category, uow.now
    uow.record("campaign.renamed", **_about(actor, campaign))
    return campaign


def change_settings(uow: UnitOfWork, actor: User, campaign_id: int, settings: FileSettings) -> Edited:
    """A new version with these settings. What they must be is checked where they are read; Invalid for a `schedule`
    that the team does not have."""
    campaign, former = opened(uow, actor, campaign_id)
    refuse_unknown_schedule(uow.session, campaign.team_id, settings.schedule, "schedule")
    version = save_version(uow, actor, campaign, drafts_of(former), stored_form(settings))
    uow.record("campaign.edited", **_about(actor, campaign))
    return Edited(campaign, version, former.number)


def editor_settings(actor: User) -> dict[str, Any]:
    return {
        "skip_weekends": True,
        "holidays": _known_country(actor.country),
        "send_window": {"from": "08:00", "to": "18:00"},
    }


def checked_name(
    session: Session, team_id: int, name: str, category: str, but: int | None = None
) -> tuple[str, str]:
    """Name and category on one line each; a blank category is "General". Raises Invalid."""
    name, category, problems = one_line(name), one_line(category) or UNSORTED, {}
    if not name:
        problems["name"] = "Give the campaign a name."
    elif len(name) > LONGEST_NAME:
        problems["name"] = f"Use {LONGEST_NAME} characters or fewer."
    elif _is_taken(session, team_id, name, but):
        problems["name"] = (
            "Another campaign of your team has this name, perhaps an archived one. Choose another."
        )
    if len(category) > LONGEST_CATEGORY:
        problems["category"] = f"Use {LONGEST_CATEGORY} characters or fewer."
    if problems:
        raise Invalid(problems)
    return name, category


def _is_taken(session: Session, team_id: int, name: str, but: int | None) -> bool:
    same = sa.select(Campaign.id).where(Campaign.team_id == team_id, Campaign.name == name)
    return session.scalar(same.where(Campaign.id != but) if but else same) is not None


def _known_country(country: str) -> str | None:
    """None where there is no country, or none whose holidays are known."""
    try:
        refuse_unknown_place(country)
    except Invalid:
        return None
    return country


def _about(actor: User, campaign: Campaign) -> dict[str, Any]:
    return {
        "actor_id": actor.id,
        "team_id": campaign.team_id,
        "campaign_id": campaign.id,
        "data": {"name": campaign.name},
    }
