"""Vary an e-mail step: add variants, weigh them, stop one and start it again. Each save is a version, as any edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.drafts import StepDraft, step_of, variant_of
from sales_campaigns.campaigns.editing import Edited, change_step
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion, Step, StepVariant
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.variants import HEAVIEST, MOST, VariantDraft, next_letter, running
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork


def add_variant(uow: UnitOfWork, actor: User, campaign_id: int, key: str) -> tuple[Edited, str]:
    """One more, with the words of the first to begin with, and its letter.

    Raises Invalid for a step without words, and beyond the most that are sent beside each other.
    """
    campaign = campaign_of(uow.session, actor, campaign_id)
    used = _letters_used(uow.session, campaign, key)
    step = step_of(drafts_of(newest(uow.session, campaign)), key)
    before = step.variants or _only(step, next_letter(used))
    letter = next_letter([*used, *(one.key for one in before)])
    if len(running(before)) >= MOST or not letter:
        raise Invalid(f"A step has at most {MOST} variants. Stop one before you add another.")
    added = replace(running(before)[0], key=letter)
    return change_step(
        uow, actor, campaign_id, key, lambda step: step.with_variants([*before, added])
    ), letter


def weigh_variants(
    uow: UnitOfWork, actor: User, campaign_id: int, key: str, weights: Mapping[str, int]
) -> Edited:
    """Other shares for who is still to come. Raises Invalid, with fields `weight.A`."""
    problems = {
        f"weight.{letter}": f"Give a weight from 1 to {HEAVIEST}."
        for letter, weight in weights.items()
        if not 1 <= weight <= HEAVIEST
    }
    if problems:
        raise Invalid(problems)
    return _each(
        uow, actor, campaign_id, key, lambda one: replace(one, weight=weights.get(one.key, one.weight))
    )


def stop_variant(uow: UnitOfWork, actor: User, campaign_id: int, key: str, letter: str) -> Edited:
    """Nobody gets it any more; who has got it keeps it. Raises IllegalMove for the last one."""
    return _stopped(uow, actor, campaign_id, key, letter, lambda one: one.stopped or one.key == letter)


def start_variant(uow: UnitOfWork, actor: User, campaign_id: int, key: str, letter: str) -> Edited:
    """It is sent again. Raises IllegalMove beyond the most that are sent beside each other."""
    return _stopped(uow, actor, campaign_id, key, letter, lambda one: one.stopped and one.key != letter)


def use_for_all(uow: UnitOfWork, actor: User, campaign_id: int, key: str, letter: str) -> Edited:
    """All others are stopped: whoever is still to come gets this one."""
    return _stopped(uow, actor, campaign_id, key, letter, lambda one: one.key != letter)


def remove_variant(uow: UnitOfWork, actor: User, campaign_id: int, key: str, letter: str) -> Edited:
    """Off the step, which nobody has got yet. Raises IllegalMove once people were added, and for the last one."""
    if campaign_of(uow.session, actor, campaign_id).state is not CampaignState.DRAFT:
        raise IllegalMove("People were added to this campaign. Stop the variant: its figures stay.")

    def without(step: StepDraft) -> StepDraft:
        variant_of(step, letter)
        return _some_left(step, [one for one in step.variants if one.key != letter])

    return change_step(uow, actor, campaign_id, key, without)


def _stopped(
    uow: UnitOfWork,
    actor: User,
    campaign_id: int,
    key: str,
    letter: str,
    is_stopped: Callable[[VariantDraft], bool],
) -> Edited:
    def change(step: StepDraft) -> StepDraft:
        variant_of(step, letter)
        return _some_left(step, [replace(one, stopped=is_stopped(one)) for one in step.variants])

    return change_step(uow, actor, campaign_id, key, change)


def _each(
    uow: UnitOfWork,
    actor: User,
    campaign_id: int,
    key: str,
    change: Callable[[VariantDraft], VariantDraft],
) -> Edited:
    def changed(step: StepDraft) -> StepDraft:
        return _some_left(step, [change(one) for one in step.variants])

    return change_step(uow, actor, campaign_id, key, changed)


def _some_left(step: StepDraft, variants: list[VariantDraft]) -> StepDraft:
    left = len(running(variants))
    if not left:
        raise IllegalMove("This is the only variant that is sent. Start another one before you stop it.")
    if left > MOST:
        raise IllegalMove(f"A step has at most {MOST} variants. Stop one before you start another.")
    return step.with_variants(variants)


def _only(step: StepDraft, letter: str) -> tuple[VariantDraft, ...]:
    """What the step says so far, as its first variant."""
    if step.kind is not StepKind.EMAIL:
        raise Invalid("Only an e-mail has variants.")
    if step.wording_id is None:
        raise Invalid("Write the e-mail first: a variant begins with its words.")
    return (
        VariantDraft(letter, step.wording_id, from_template=step.from_template, template_id=step.template_id),
    )


def _letters_used(session: Session, campaign: Campaign, key: str) -> list[str]:
    """By this step in any version; in a draft, whose figures are none, only those of the newest."""
    if campaign.state is CampaignState.DRAFT:
        return [one.key for one in step_of(drafts_of(newest(session, campaign)), key).variants]
    query = (
        sa.select(StepVariant.key)
        .join(Step, Step.id == StepVariant.step_id)
        .join(CampaignVersion, CampaignVersion.id == Step.version_id)
        .where(CampaignVersion.campaign_id == campaign.id, Step.key == key)
    )
    return list(session.scalars(query.distinct()))
