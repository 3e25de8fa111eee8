"""Campaign files in and out: a file becomes a new campaign, or a new version of the one of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import require_open
from sales_campaigns.calendars.schedules import refuse_unknown_schedule
from sales_campaigns.campaigns.beside_the_file import with_what_stands_beside
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.creating import add_campaign
from sales_campaigns.campaigns.drafts import StepDraft, Steps, arranged, from_day_one
from sales_campaigns.campaigns.editing import opened
from sales_campaigns.campaigns.file import CampaignFile, FileStep, Priority, Quote
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.stored_settings import settings_of, stored_form
from sales_campaigns.campaigns.versions import drafts_of, new_key, newest, save_version
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.content.template_list import visible_to
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.errors import Invalid
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a file. `in_force` is False when the campaign is running and its changes wait to be applied."""

    campaign: Campaign
    version: CampaignVersion
    created: bool
    in_force: bool


def import_campaign(uow: UnitOfWork, actor: User, file: CampaignFile) -> Filed:
    """Make the campaign, or a new version of the actor's team's campaign of this name.

    Steps that stand where a step of the same type stood keep its key, and with it their log. Raises Invalid with
    names such as `steps.2.template` for templates that are not there and words that cannot be sent; nothing is
    half applied.
    """
    require_open(uow.session, actor, "edit_campaigns")
    known = stored_campaign(uow.session, actor, file)
    refuse_unknown_schedule(uow.session, actor.team_id, file.settings.schedule, "settings.schedule")
    if known is None:
        campaign = campaign_from(uow, actor, file)
        return Filed(campaign, newest(uow.session, campaign), created=True, in_force=True)
    steps, settings = steps_of(uow, actor, file), stored_form(file.settings)
    campaign, former = opened(uow, actor, known.id)
    campaign.category = file.category
    steps = with_what_stands_beside(uow, steps, drafts_of(former))
    version = save_version(uow, actor, campaign, steps, settings)
    data = {"name": campaign.name, "version": version.number}
    about = {"actor_id": actor.id, "team_id": campaign.team_id, "campaign_id": campaign.id}
    uow.record("campaign.imported", **about, data=data)
    return Filed(campaign, version, created=False, in_force=campaign.version == version.number)


def campaign_from(uow: UnitOfWork, actor: User, file: CampaignFile) -> Campaign:
    """A new draft as the file says. Raises Invalid, also for a name that is taken."""
    steps = steps_of(uow, actor, file)
    return add_campaign(uow, actor, file.name, file.category, steps, stored_form(file.settings))


def stored_campaign(session: Session, actor: User, file: CampaignFile) -> Campaign | None:
    """The campaign of the file's name in the actor's team."""
    return session.scalar(
        sa.select(Campaign).where(Campaign.team_id == actor.team_id, Campaign.name == file.name.strip())
    )


def export_campaign(session: Session, campaign: Campaign) -> CampaignFile:
    """What the editor shows, as a file: contents in full, with the name of the template they came from.

    What was stored when a campaign could begin on a later day begins on day 1, as a file must. Raises Invalid for
    a campaign without steps: a file has at least one.
    """
    version = newest(session, campaign)
    steps, _ = from_day_one(drafts_of(version))
    if not steps:
        raise Invalid(f"“{campaign.name}” has no steps yet. Add the first one, then export it.")
    wordings = wordings_of(session, steps)
    return CampaignFile(
        name=campaign.name,
        category=campaign.category,
        settings=settings_of(version.settings),
        steps=tuple(_filed(step, wordings.get(step.wording_id or 0)) for step in steps),
    )


def steps_of(uow: UnitOfWork, actor: User, file: CampaignFile) -> Steps:
    """The steps as the editor has them, each under a new key. Raises Invalid as `import_campaign`."""
    templates = _templates(uow.session, actor, file)
    problems = dict(_content_problems(file, templates))
    if problems:
        raise Invalid(problems)
    return arranged(_draft(uow, step, templates) for step in file.steps)


def _templates(session: Session, actor: User, file: CampaignFile) -> dict[str, Content]:
    names = {step.template for step in file.steps if step.template}
    found = session.execute(
        sa.select(Template.name, Wording)
        .join(Wording, Wording.id == Template.wording_id)
        .where(visible_to(actor), Template.team_id == actor.team_id, Template.name.in_(names))
    )
    return {name: content_of(wording) for name, wording in found}


def _content_problems(file: CampaignFile, templates: Mapping[str, Content]) -> Iterator[tuple[str, str]]:
    for index, step in enumerate(file.steps):
        if step.template and step.template not in templates:
            yield f"steps.{index}.template", f"Your team has no template called “{step.template}”."
        elif (content := _content(step, templates)) is not None:
            automatic, reply = not step.outline.is_task, step.outline.follow_up
            try:
                check(content, automatic=automatic, reply=reply)
            except Invalid as refusal:
                yield from ((f"steps.{index}.{part}", words) for part, words in refusal.problems.items())


def _content(step: FileStep, templates: Mapping[str, Content]) -> Content | None:
    if step.outline.kind is not StepKind.EMAIL:
        return None
    if step.template:
        return templates[step.template]
    if step.subject is None and step.html is None and step.text is None:
        return None  # a draft that was exported before its words were written
    return Content(step.subject or "", step.html or "", step.text or "")


def _draft(uow: UnitOfWork, step: FileStep, templates: Mapping[str, Content]) -> StepDraft:
    content = _content(step, templates)
    wording = wording_for(uow.session, content) if content else None
    draft = StepDraft(
        key=new_key(),
        day=step.outline.day,
        number=step.outline.number,
        kind=step.outline.kind,
        quote=step.quote.value,
        name=step.name or "",
        details=step.details or "",
        priority=step.priority.value,
        skip_after_days=step.outline.skip_after_days,
        wording_id=wording.id if wording else None,
        from_template=step.template or step.from_template or "",
    )
    return draft.as_outlined(step.outline)


def _filed(step: StepDraft, wording: Wording | None) -> FileStep:
    """Only what has a meaning beside the step's other keys: a file with more would be refused."""
    timed = step.send in (SendOption.AT, SendOption.SAME_AS_PREVIOUS)
    outline = step.outline if timed else replace(step.outline, if_past=IfPast.NEXT_DAY)
    return FileStep(
        outline=outline,
        name=step.name or None,
        subject=wording.subject or None if wording else None,
        html=wording.html or None if wording else None,
        text=wording.text or None if wording else None,
        from_template=step.from_template or None,
        quote=Quote(step.quote) if step.follow_up else Quote.TEMPLATE,
        details=(step.details or None) if step.is_task else None,
        priority=Priority(step.priority) if step.is_task else Priority.NORMAL,
    )
