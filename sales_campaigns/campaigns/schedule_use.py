"""Where schedules are used: which campaigns pick which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion


def campaigns_by_schedule(session: Session, actor: User) -> Mapping[tuple[int, str], list[Campaign]]:
    """(team, name of a schedule) → the campaigns that pick it, by name; in one query.

    Those count whose version in force picks it, or a later one that waits to be put into force.
    """
    query = (
        sa.select(CampaignVersion.settings, Campaign)
        .join(
            CampaignVersion,
            sa.and_(CampaignVersion.campaign_id == Campaign.id, CampaignVersion.number >= Campaign.version),
        )
        .where(Campaign.state != CampaignState.ARCHIVED)
        .order_by(Campaign.name)
    )
    if not sees_every_team(actor):
        query = query.where(Campaign.team_id == actor.team_id)
    found: dict[tuple[int, str], list[Campaign]] = defaultdict(list)
    for settings, campaign in session.execute(query):
        name = settings.get("schedule")
        if name and campaign not in found[campaign.team_id, name]:
            found[campaign.team_id, name].append(campaign)
    return found
