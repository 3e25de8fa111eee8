"""Campaigns as programs see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.checks import obstacles_to_launch, wordings_of
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.stored_settings import settings_of, stored_form
from sales_campaigns.campaigns.variants import VariantDraft, share
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import content_of
from web.api.mails.attachments import digest_of
from web.api.protocol.shapes import Shown, TimeOfDay
from web.request_scope import work


class StepVariantShown(Shown):
    letter: str
    weight: int
    share: float = Field(description="Of who is still to come, from 0 to 1.")
    stopped: bool
    subject: str
    html: str
    text: str
    files: str
    from_template: str


class StepShown(Shown):
    key: str = Field(description="By which a step is known through all versions.")
    day: int
    number: int
    kind: StepKind
    title: str
    send: SendOption | None
    at: TimeOfDay | None
    if_past: IfPast
    follow_up: bool
    quote: str
    name: str
    details: str
    priority: str
    skip_after_days: int | None
    subject: str
    html: str
    text: str
    files: str = Field(description="The digest of what goes along; empty for nothing.")
    cc: str
    bcc: str
    from_template: str
    variants: list[StepVariantShown] = Field(description="Where it does not say the same to everybody.")


class ObstacleShown(Shown):
    key: str
    words: str


class CampaignShown(Shown):
    """`version` is in force; where `newest` is another one, its steps and settings wait to be applied."""

    PASSING: ClassVar[frozenset[str]] = frozenset({"obstacles"})

    id: int
    name: str
    category: str
    state: CampaignState
    owner_id: int
    version: int
    newest: int
    created_at: AwareDatetime
    changed_at: AwareDatetime
    settings: dict[str, Any] = Field(description="In the words of the campaign file.")
    steps: list[StepShown]
    obstacles: list[ObstacleShown] = Field(description="What must be mended before anybody can be added.")


class CampaignInList(Shown):
    id: int
    name: str
    category: str
    state: CampaignState
    owner: str
    steps: int
    days: int
    changed_at: AwareDatetime
    changes: bool = Field(description="Whether changes wait to be applied.")
    under_way: int = 0
    over: int = 0


def campaign_shown(campaign: Campaign) -> CampaignShown:
    session = work().session
    session.flush()
    version = newest(session, campaign)
    steps = drafts_of(version)
    wordings = wordings_of(session, steps)
    titles = titles_of(steps, wordings)
    names = ("id", "name", "category", "state", "owner_id", "version", "created_at", "changed_at")
    return CampaignShown(
        **{name: getattr(campaign, name) for name in names},
        newest=version.number,
        settings=stored_form(settings_of(version.settings)),
        steps=[_step(step, title, wordings) for step, title in zip(steps, titles, strict=True)],
        obstacles=[ObstacleShown.model_validate(one) for one in obstacles_to_launch(session, campaign)],
    )


def _step(step: StepDraft, title: str, wordings: Mapping[int, Wording]) -> StepShown:
    said = _said(wordings, step.wording_id)
    beside = {"title", "variants", *said}
    kept = {name: getattr(step, name) for name in StepShown.model_fields if name not in beside}
    return StepShown(
        **kept, **said, title=title, variants=[_variant(one, step, wordings) for one in step.variants]
    )


def _variant(one: VariantDraft, step: StepDraft, wordings: Mapping[int, Wording]) -> StepVariantShown:
    return StepVariantShown(
        letter=one.key,
        weight=one.weight,
        share=share(one, step.variants),
        stopped=one.stopped,
        from_template=one.from_template,
        **_said(wordings, one.wording_id),
    )


def _said(wordings: Mapping[int, Wording], wording_id: int | None) -> dict[str, Any]:
    content = content_of(wordings.get(wording_id or 0))
    files = digest_of(content.bundle_id)
    return {"subject": content.subject, "html": content.html, "text": content.text, "files": files}
