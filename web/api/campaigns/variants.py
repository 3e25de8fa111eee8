"""Variants of an e-mail step: add, weigh, stop, start again, take off, decide for one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sales_campaigns.campaigns import varying
from sales_campaigns.campaigns.editing import Edited
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.variants import HEAVIEST
from sales_campaigns.enrollments.changes.settling_variants import Settled, settle_variant, unsettle
from web.api.campaigns.campaigns import get_campaign
from web.api.campaigns.shapes import CampaignShown
from web.api.campaigns.steps import EffectShown
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, Shown
from web.request_scope import me, work

api = Area("campaigns", "")
EDITS = Edits(Campaign, get_campaign)
Letter = Annotated[str, Field(pattern="^[A-Z]$")]


class Weights(Asked):
    weights: Annotated[dict[Letter, Annotated[int, Field(ge=1, le=HEAVIEST)]], Field(max_length=26)]


class VariantAct(StrEnum):
    """`only`: from now on everybody gets this one."""

    STOP = "stop"
    START = "start"
    ONLY = "only"


class VariantDecided(Asked):
    do: VariantAct


class VariantAdded(Shown):
    variant: str = Field(description="Its letter, by which `PATCH` of the step writes its words.")
    undo: int = Field(description="The version that undoes it.")
    campaign: CampaignShown


class VariantSettled(Shown):
    """`effect` is null where the change waits with others until they are applied."""

    undo: int
    effect: EffectShown | None
    campaign: CampaignShown


@api.post("/campaigns/<int:campaign_id>/steps/<key>/variants", edits=EDITS)
def add_step_variant(campaign_id: int, key: str) -> VariantAdded:
    """One more, with the words of the first to begin with."""
    edited, letter = varying.add_variant(work(), me(), campaign_id, key)
    return VariantAdded(variant=letter, undo=edited.former, campaign=get_campaign(campaign_id))


@api.put(
    "/campaigns/<int:campaign_id>/steps/<key>/variants/weights",
    edits=EDITS,
    example={"weights": {"A": 50, "B": 50}},
)
def weigh_step_variants(campaign_id: int, key: str, body: Weights) -> VariantSettled:
    """Other shares for who is still to come; who has a mail scheduled keeps its variant."""
    return _edited(varying.weigh_variants(work(), me(), campaign_id, key, body.weights))


@api.post("/campaigns/<int:campaign_id>/steps/<key>/variants/<letter>", edits=EDITS, example={"do": "stop"})
def settle_step_variant(campaign_id: int, key: str, letter: str, body: VariantDecided) -> VariantSettled:
    """In force at once: mails that are scheduled with a variant that is stopped get another one."""
    return _settled(settle_variant(work(), me(), campaign_id, key, letter, body.do.value))


@api.delete("/campaigns/<int:campaign_id>/steps/<key>/variants/<letter>", edits=EDITS, status=200)
def remove_step_variant(campaign_id: int, key: str, letter: str) -> VariantSettled:
    """Take it off, as long as nobody was added to the campaign."""
    return _edited(varying.remove_variant(work(), me(), campaign_id, key, letter))


@api.post("/campaigns/<int:campaign_id>/steps/<key>/variants/undo/<int:number>", edits=EDITS)
def undo_step_variant(campaign_id: int, key: str, number: int) -> VariantSettled:
    """Back to the version of this number, in force at once as the decision was."""
    return _settled(unsettle(work(), me(), campaign_id, key, number))


def _settled(settled: Settled) -> VariantSettled:
    effect = EffectShown.model_validate(settled.effect) if settled.effect is not None else None
    return _edited(settled.edited).model_copy(update={"effect": effect})


def _edited(edited: Edited) -> VariantSettled:
    return VariantSettled(undo=edited.former, effect=None, campaign=get_campaign(edited.campaign.id))
