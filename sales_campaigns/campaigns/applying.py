"""Putting the changes of a running campaign into force, or throwing them away."""

from __future__ import annotations

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.editing import Edited, bring_back, opened
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.versions import put_in_force
from sales_campaigns.errors import IllegalMove
from sales_campaigns.unit_of_work import UnitOfWork


def apply_changes(uow: UnitOfWork, actor: User, campaign_id: int) -> CampaignVersion:
    """The newest version is in force from now on; what it means for people under way is the enrollments' part.

    Raises IllegalMove when there is nothing to apply.
    """
    campaign, version = opened(uow, actor, campaign_id)
    former = campaign.version
    if version.number == former:
        raise IllegalMove("There are no changes to apply: somebody was faster, or nothing was changed.")
    put_in_force(uow, campaign, version)
    data = {"name": campaign.name, "version": version.number, "former": former}
    uow.record(
        "campaign.changed",
        actor_id=actor.id,
        team_id=campaign.team_id,
        campaign_id=campaign.id,
        data=data,
    )
    return version


def discard_changes(uow: UnitOfWork, actor: User, campaign_id: int) -> Edited:
    """Back to the steps and settings in force; the answer's `former` brings the changes back."""
    campaign, _ = opened(uow, actor, campaign_id)
    back = bring_back(uow, actor, campaign_id, campaign.version)
    put_in_force(uow, campaign, back.version)  # it says what was in force, so nobody's plan changes
    return back
