"""Copying a campaign, and putting it away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import require_open
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.creating import LONGEST_NAME, add_campaign
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, new_key, newest
from sales_campaigns.messages.holds import release, stop
from sales_campaigns.unit_of_work import UnitOfWork


def copy_campaign(uow: UnitOfWork, actor: User, campaign_id: int) -> Campaign:
    """A new draft with the same steps and settings, under a free name, owned by the actor, with nobody in it."""
    campaign = campaign_of(uow.session, actor, campaign_id)
    version = newest(uow.session, campaign)
    steps = tuple(replace(step, key=new_key()) for step in drafts_of(version))
    name = _free_name(uow, actor.team_id, campaign.name)
    return add_campaign(uow, actor, name, campaign.category, steps, version.settings)


def archive_campaign(uow: UnitOfWork, actor: User, campaign_id: int) -> Campaign:
    """Off the list, and nothing of it leaves. Raises IllegalMove when it is archived already.

    People under way wait, and go on where they are once it is restored and resumed.
    """
    require_open(uow.session, actor, "edit_campaigns")
    campaign = campaign_of(uow.session, actor, campaign_id)
    about = {**_about(actor, campaign), "data": {"name": campaign.name, "was": campaign.state.value}}
    uow.move(CAMPAIGN, campaign, "archive", about=about)
    stop(uow.session, "campaign", [campaign.id], "The campaign is archived.")
    return campaign


def restore_campaign(uow: UnitOfWork, actor: User, campaign_id: int) -> Campaign:
    """Back on the list: a draft as it was, any other one paused, so that nothing leaves until it is resumed."""
    require_open(uow.session, actor, "edit_campaigns")
    campaign = campaign_of(uow.session, actor, campaign_id)
    was_draft = _state_before(uow, campaign) == CampaignState.DRAFT.value
    uow.move(CAMPAIGN, campaign, "restore_draft" if was_draft else "restore", about=_about(actor, campaign))
    if was_draft:
        release(uow.session, "campaign", [campaign.id])
    else:
        stop(uow.session, "campaign", [campaign.id], "The campaign is paused.")
    return campaign


def _state_before(uow: UnitOfWork, campaign: Campaign) -> str | None:
    archived = uow.session.scalar(
        sa.select(Activity)
        .where(Activity.campaign_id == campaign.id, Activity.kind == "campaign.archived")
        .order_by(Activity.id.desc())
        .limit(1)
    )
    return archived.data.get("was") if archived else None


def _free_name(uow: UnitOfWork, team_id: int, name: str) -> str:
    taken = set(uow.session.scalars(sa.select(Campaign.name).where(Campaign.team_id == team_id)))
    stem = name[: LONGEST_NAME - 10]
    candidates = (f"{stem} copy{f' {n}' if n > 1 else ''}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)


def _about(actor: User, campaign: Campaign) -> dict[str, Any]:
    return {"actor_id": actor.id, "team_id": campaign.team_id, "campaign_id": campaign.id}
