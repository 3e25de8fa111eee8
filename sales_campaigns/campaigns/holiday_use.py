"""Where holidays are used: which campaigns keep those of which place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion


def campaigns_by_place(session: Session, actor: User) -> Mapping[str, list[Campaign]]:
    """Place → the campaigns of the team that keep its holidays now, by name; in one query."""
    query = (
        sa.select(CampaignVersion.settings, Campaign)
        .join(
            CampaignVersion,
            sa.and_(CampaignVersion.campaign_id == Campaign.id, CampaignVersion.number == Campaign.version),
        )
        .where(Campaign.state != CampaignState.ARCHIVED)
        .order_by(Campaign.name)
    )
    if not sees_every_team(actor):
        query = query.where(Campaign.team_id == actor.team_id)
    found: dict[str, list[Campaign]] = defaultdict(list)
    for settings, campaign in session.execute(query):
        if place := settings.get("holidays"):
            found[place].append(campaign)
    return dict(sorted(found.items()))
