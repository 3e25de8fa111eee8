"""Editing the steps of a campaign: each save is a version, and what is not legal is refused or reset in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import time

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import require_open
from sales_campaigns.addresses import copies_typed
from sales_campaigns.campaigns import drafts
from sales_campaigns.campaigns.drafts import (
    StepDraft,
    Steps,
    arranged,
    place_of,
    step_of,
    variant_of,
    with_step,
)
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.send_options import problems_of, reset_illegal
from sales_campaigns.campaigns.taken_from import taken_from
from sales_campaigns.campaigns.versions import drafts_of, new_key, newest, save_version, version_of
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Edited:
    """What a save did: the new version, what it had to reset (sentences), and the number to go back to."""

    campaign: Campaign
    version: CampaignVersion
    former: int
    reset: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class SendChoice:
    """When an e-mail step leaves, as chosen in its card."""

    send: SendOption
    at: time | None = None
    if_past: IfPast = IfPast.NEXT_DAY
    follow_up: bool = False
    quote: str = "template"


@dataclass(frozen=True, slots=True)
class StepWords:
    """What a step says or asks for, as typed. An e-mail has subject, html, text, files and copies; a task name and
    details. `variant` is the letter of the one that is written, where the step has several.
    """

    subject: str = ""
    html: str = ""
    text: str = ""
    bundle_id: int | None = None
    cc: str = ""
    bcc: str = ""
    from_template: str = ""
    name: str = ""
    details: str = ""
    priority: str = "normal"
    skip_after_days: int | None = None
    variant: str = ""


def add_step(uow: UnitOfWork, actor: User, campaign_id: int, kind: StepKind, day: int) -> Edited:
    """A new step at the end of its day; the first one is on day 1. Raises Invalid for a day out of range."""
    campaign, version = opened(uow, actor, campaign_id)
    before = drafts_of(version)
    day = day if before else min(day, 1)
    step = StepDraft(key=new_key(), day=day, kind=kind, send=_first_option(before, kind, day))
    return _save(uow, actor, campaign, version, arranged((*before, step)), step.key)


def choose_send(uow: UnitOfWork, actor: User, campaign_id: int, key: str, choice: SendChoice) -> Edited:
    """Raises Invalid, with fields `send`, `at`, `follow_up`, `quote`, for what is not legal in this place."""
    campaign, version = opened(uow, actor, campaign_id)
    steps = drafts_of(version)
    step = _with_choice(step_of(steps, key), choice)
    steps = with_step(steps, step)
    _refuse(steps, place_of(steps, key))
    _refuse_prompts(uow, step)
    return _save(uow, actor, campaign, version, steps, key)


def write_step(
    uow: UnitOfWork, actor: User, campaign_id: int, key: str, words: StepWords, seen: int | None = None
) -> Edited:
    """Raises Invalid with every problem at once, in an e-mail's subject, html and text with line and column.

    `seen` is the number of the version that the writer had before them: words that somebody else saved since are
    not overwritten unseen.
    """
    campaign, version = opened(uow, actor, campaign_id)
    steps = drafts_of(version)
    step = step_of(steps, key)
    if seen is not None and seen != version.number:
        _refuse_unseen(step, drafts_of(version_of(uow.session, campaign, seen)))
    written = _mail(uow, step, words) if step.kind is StepKind.EMAIL else _task(step, words)
    return _save(uow, actor, campaign, version, with_step(steps, written), key)


def retype_step(uow: UnitOfWork, actor: User, campaign_id: int, key: str, kind: StepKind) -> Edited:
    """Make it another kind of step. Its neighbours are checked again."""
    campaign, version = opened(uow, actor, campaign_id)
    steps = drafts_of(version)
    step = step_of(steps, key)
    send = _first_option(steps[: place_of(steps, key)], kind, step.day)
    other = replace(step, kind=kind, send=send, at=None, follow_up=False, variants=())
    return _save(uow, actor, campaign, version, with_step(steps, other), key)


def change_step(
    uow: UnitOfWork, actor: User, campaign_id: int, key: str, change: Callable[[StepDraft], StepDraft]
) -> Edited:
    """Any other change of one step, which the caller has checked."""
    campaign, version = opened(uow, actor, campaign_id)
    steps = drafts_of(version)
    return _save(uow, actor, campaign, version, with_step(steps, change(step_of(steps, key))), key)


def move_step(uow: UnitOfWork, actor: User, campaign_id: int, key: str, towards: str) -> Edited:
    """`towards` is up, down, earlier or later (a whole day). Raises Invalid at the edges of the campaign."""
    campaign, version = opened(uow, actor, campaign_id)
    steps = drafts.moved(drafts_of(version), key, towards)
    return _save(uow, actor, campaign, version, steps, key)


def place_steps(uow: UnitOfWork, actor: User, campaign_id: int, order: Sequence[str]) -> Edited:
    """The steps in the order of the page, see `drafts.placed`."""
    campaign, version = opened(uow, actor, campaign_id)
    return _save(uow, actor, campaign, version, drafts.placed(drafts_of(version), order))


def delete_step(uow: UnitOfWork, actor: User, campaign_id: int, key: str) -> Edited:
    """Undone by `bring_back` with the answer's `former`."""
    campaign, version = opened(uow, actor, campaign_id)
    return _save(uow, actor, campaign, version, drafts.without_step(drafts_of(version), key))


def bring_back(uow: UnitOfWork, actor: User, campaign_id: int, number: int) -> Edited:
    """Make the steps and settings of an old version the newest again. Raises NotFound."""
    campaign, version = opened(uow, actor, campaign_id)
    old = version_of(uow.session, campaign, number)
    saved = save_version(uow, actor, campaign, drafts_of(old), old.settings)
    _record(uow, actor, campaign, saved)
    return Edited(campaign, saved, version.number)


def opened(uow: UnitOfWork, actor: User, campaign_id: int) -> tuple[Campaign, CampaignVersion]:
    """The campaign, locked for an edit, and the version to start from. Raises NotFound, NotAllowed, IllegalMove."""
    require_open(uow.session, actor, "edit_campaigns")
    campaign = campaign_of(uow.session, actor, campaign_id, lock=True)
    if campaign.state is CampaignState.ARCHIVED:
        raise IllegalMove("This campaign is archived. Restore it to edit it.")
    return campaign, newest(uow.session, campaign)


def _save(
    uow: UnitOfWork, actor: User, campaign: Campaign, former: CampaignVersion, steps: Steps, key: str = ""
) -> Edited:
    """The rules: the first step is on day 1; options that are no longer legal are reset. The editor says so."""
    steps, moved = drafts.from_day_one(steps)
    outlines, reset = reset_illegal([step.outline for step in steps])
    legal = tuple(step.as_outlined(outline) for step, outline in zip(steps, outlines, strict=True))
    version = save_version(uow, actor, campaign, legal, former.settings)
    _record(uow, actor, campaign, version)
    return Edited(campaign, version, former.number, tuple([moved, *reset] if moved else reset), key)


def _record(uow: UnitOfWork, actor: User, campaign: Campaign, version: CampaignVersion) -> None:
    data = {"name": campaign.name, "version": version.number, "in_force": version.number == campaign.version}
    about = {"actor_id": actor.id, "team_id": campaign.team_id, "campaign_id": campaign.id}
    uow.record("campaign.edited", **about, data=data)


def _first_option(before: Steps, kind: StepKind, day: int) -> SendOption | None:
    """What a new e-mail begins with: the option of its place that sends nothing by surprise."""
    if kind is not StepKind.EMAIL:
        return None
    if day == 1:
        return SendOption.TASK if any(step.day == 1 for step in before) else SendOption.CHOOSE
    earlier = any(step.kind is StepKind.EMAIL and step.day < day for step in before)
    return SendOption.SAME_AS_PREVIOUS if earlier else SendOption.TASK


def _with_choice(step: StepDraft, choice: SendChoice) -> StepDraft:
    if step.kind is not StepKind.EMAIL:
        raise Invalid({"send": "Only an e-mail has a send option."})
    if choice.quote not in ("template", "sent"):
        raise Invalid({"quote": "Choose which copy is quoted."})
    at = choice.at if choice.send is SendOption.AT else None
    if choice.send is SendOption.AT and at is None:
        raise Invalid({"at": "Give the time of day, such as 09:00."})
    return replace(
        step,
        send=choice.send,
        at=at,
        if_past=choice.if_past,
        follow_up=choice.follow_up,
        quote=choice.quote,
    )


def _refuse(steps: Steps, place: int) -> None:
    """The problems of one step, under the names of its own form; those of others are said before a launch."""
    mine = f"steps.{place}."
    problems = dict(problems_of([step.outline for step in steps]))
    if problems := {
        name.removeprefix(mine): words for name, words in problems.items() if name.startswith(mine)
    }:
        raise Invalid(problems)


def _refuse_unseen(step: StepDraft, seen: Steps) -> None:
    before = next((old for old in seen if old.key == step.key), step)
    if before.said != step.said:
        raise Invalid(
            "Somebody else changed this step while you were writing. What you wrote is still here: "
            "save again to put it in the place of theirs."
        )


def _refuse_prompts(uow: UnitOfWork, step: StepDraft) -> None:
    """A task's mail may hold prompts for the rep; one that leaves by itself may not."""
    if step.is_task:
        return
    wordings = uow.session.scalars(sa.select(Wording).where(Wording.id.in_(step.wording_ids)))
    try:
        for wording in wordings:
            check(content_of(wording), automatic=True, reply=step.follow_up)
    except Invalid as refusal:
        raise Invalid({"send": " ".join(refusal.problems.values())}) from None


def _mail(uow: UnitOfWork, step: StepDraft, words: StepWords) -> StepDraft:
    written = (one_line(words.subject), sendable(words.html), sendable(words.text))
    content = Content(*written, bundle_id=words.bundle_id)
    check(content, automatic=not step.is_task, reply=step.follow_up)
    copies = copies_typed({"cc": words.cc, "bcc": words.bcc})
    wording = wording_for(uow.session, content)
    step = replace(step, cc=copies["cc"], bcc=copies["bcc"])
    return _timed(_saying(step, words.variant, wording.id, one_line(words.from_template)[:200]), words)


def _saying(step: StepDraft, letter: str, wording_id: int, from_template: str) -> StepDraft:
    """With these words, of the variant of this letter where there are several. Raises NotFound when it is gone."""
    if not step.variants:
        return replace(taken_from(step, from_template), wording_id=wording_id)
    one = variant_of(step, letter)
    written = replace(taken_from(one, from_template), wording_id=wording_id)
    return step.with_variants(written if each is one else each for each in step.variants)


def _task(step: StepDraft, words: StepWords) -> StepDraft:
    name = one_line(words.name)
    if not name:
        raise Invalid({"name": "Say what is to be done."})
    if len(name) > LONGEST_NAME:
        raise Invalid({"name": f"Use {LONGEST_NAME} characters or fewer; the rest belongs in the details."})
    return _timed(replace(step, name=name, details=sendable(words.details)), words)


def _timed(step: StepDraft, words: StepWords) -> StepDraft:
    if words.priority not in ("normal", "high"):
        raise Invalid({"priority": "Choose normal or high."})
    if words.skip_after_days is not None and not 1 <= words.skip_after_days <= 365:
        raise Invalid({"skip_after_days": "Give a number of days from 1 to 365, or leave it empty."})
    return replace(step, priority=words.priority, skip_after_days=words.skip_after_days)
