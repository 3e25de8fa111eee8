"""The steps of a campaign to choose one from: "Day 3, step 1: Follow-up"."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.versions import drafts_of


def step_choices(session: Session, version: CampaignVersion) -> list[tuple[str, str]]:
    """(key, words) of each step, in order."""
    drafts = drafts_of(version)
    titles = titles_of(drafts, wordings_of(session, drafts))
    return [(one.key, f"Day {one.day}, step {one.number}: {titles[one.position]}") for one in version.steps]
