"""Versions of a campaign: which one people go through, which one is being edited, and saving a new one.

A version never changes. While a campaign is a draft, its newest version is in force at once. Once people were
added, edits gather in versions after the one in force, until somebody puts the newest into force.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion, Step, StepVariant
from sales_campaigns.campaigns.step_deliveries import keep_deliveries
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.campaigns.taken_from import with_templates
from sales_campaigns.campaigns.variants import VariantDraft
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.letters.marking import Tracked
from sales_campaigns.unit_of_work import UnitOfWork

PLAIN = [field.name for field in fields(StepDraft) if field.name != "variants"]


def new_key() -> str:
    """A step's own name through all versions."""
    return secrets.token_hex(6)


def version_of(session: Session, campaign: Campaign, number: int) -> CampaignVersion:
    """Raises NotFound when the campaign has no such version."""
    version = session.scalar(
        sa.select(CampaignVersion).where(
            CampaignVersion.campaign_id == campaign.id, CampaignVersion.number == number
        )
    )
    if version is None:
        raise NotFound("This campaign has no such version.")
    return version


def in_force(session: Session, campaign: Campaign) -> CampaignVersion:
    """The version that a launch uses and that people go through."""
    return version_of(session, campaign, campaign.version)


def newest(session: Session, campaign: Campaign) -> CampaignVersion:
    """The version that the editor shows: the one in force, or one with changes not in force yet."""
    found = session.scalar(
        sa.select(CampaignVersion)
        .where(CampaignVersion.campaign_id == campaign.id)
        .order_by(CampaignVersion.number.desc())
        .limit(1)
    )
    assert found is not None, "a campaign is made with its first version"
    return found


def drafts_of(version: CampaignVersion) -> Steps:
    """The steps as values."""
    return tuple(_draft(step) for step in version.steps)


def save_version(
    uow: UnitOfWork, actor: User, campaign: Campaign, steps: Steps, settings: Mapping[str, Any]
) -> CampaignVersion:
    """Add the next version; in force at once while the campaign is a draft."""
    version = CampaignVersion(
        campaign_id=campaign.id,
        number=_next_number(uow.session, campaign),
        author_id=actor.id,
        settings=dict(settings),
        created_at=uow.now,
        steps=[
            _row(position, step)
            for position, step in enumerate(with_templates(uow.session, campaign.team_id, steps))
        ],
    )
    uow.session.add(version)
    uow.session.flush()
    campaign.changed_at = uow.now
    if campaign.state is CampaignState.DRAFT:
        put_in_force(uow, campaign, version)
    return version


def put_in_force(uow: UnitOfWork, campaign: Campaign, version: CampaignVersion) -> None:
    campaign.version = version.number
    tracking = settings_of(version.settings).tracking
    keep_deliveries(uow, campaign, drafts_of(version), Tracked(tracking.opens, tracking.clicks))


def _draft(step: Step) -> StepDraft:
    said = {name: getattr(step, name) for name in PLAIN}
    return StepDraft(**said, variants=tuple(map(_variant, step.variants)))


def _variant(row: StepVariant) -> VariantDraft:
    return VariantDraft(row.key, row.wording_id, row.weight, row.from_template, row.stopped, row.template_id)


def _row(position: int, step: StepDraft) -> Step:
    variants = [StepVariant(**asdict(one)) for one in step.variants]
    return Step(position=position, **{**asdict(step), "variants": variants})


def _next_number(session: Session, campaign: Campaign) -> int:
    highest = sa.select(sa.func.max(CampaignVersion.number)).where(CampaignVersion.campaign_id == campaign.id)
    return (session.scalar(highest) or 0) + 1
