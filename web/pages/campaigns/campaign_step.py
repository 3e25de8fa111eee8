"""Writing one step of a campaign: an e-mail with its preview, or what a task asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.drafts import StepDraft, place_of
from sales_campaigns.campaigns.editing import StepWords, write_step
from sales_campaigns.campaigns.lanes import subjects_of, titles_of
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import CampaignState
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.variants import MOST, VariantDraft, running, share
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.models import Wording
from sales_campaigns.content.quoting import reply_subject
from sales_campaigns.content.template_list import template_of
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.numbers import row_of
from web.parts.attachments import bundle_typed, files_again
from web.parts.writing import beside_the_words, template_choices
from web.request_scope import me, work

pages = Blueprint("campaign_step", __name__, url_prefix="/campaigns/<int:campaign_id>/steps/<key>")


@pages.get("")
def form(campaign_id: int, key: str) -> str:
    """The step as stored, one of its variants, or with the words of the template that was picked."""
    template_id = request.args.get("template", "")
    picked = _of_template(row_of(template_id)) if row_of(template_id) else {}
    return step_form(campaign_id, key, request.args.get("variant", ""), picked, {})


@pages.post("")
def write(campaign_id: int, key: str) -> AnyResponse | tuple[str, int]:
    team_id = campaign_of(work().session, me(), campaign_id).team_id
    try:
        words = replace(_words(request.form), bundle_id=bundle_typed(team_id))
        edited = write_step(work(), me(), campaign_id, key, words, _seen(request.form))
    except Invalid as refusal:
        letter = request.form.get("variant", "")
        return step_form(campaign_id, key, letter, files_again(request.form), refusal.problems), 422
    said = " ".join([*_saved(request.form.get("variant", "")), *edited.reset])
    return go(url_for("campaign_editor.index", campaign_id=campaign_id) + f"#step-{key}", said)


def step_form(
    campaign_id: int, key: str, letter: str, typed: Mapping[str, Any], problems: Mapping[str, str]
) -> str:
    """The page of the step, or of its variant of this letter, with what was `typed` over what is stored."""
    session = work().session
    campaign = campaign_of(session, me(), campaign_id)
    version = newest(session, campaign)
    steps = drafts_of(version)
    place = place_of(steps, key)
    wordings = wordings_of(session, steps)
    subjects = subjects_of(steps, wordings)
    is_mail = steps[place].kind is StepKind.EMAIL
    variant = _shown(steps[place], letter)
    written = {**_typed(steps[place], variant), **typed}
    return page(
        "campaign_step/index.html",
        campaign=campaign,
        seen=version.number,
        step=steps[place],
        title=titles_of(steps, wordings)[place],
        answers=reply_subject(subjects[place - 1]) if steps[place].follow_up and place else "",
        typed=written,
        problems=problems,
        variant=variant.key if variant else "",
        shares={one.key: share(one, steps[place].variants) for one in steps[place].variants},
        is_draft=campaign.state is CampaignState.DRAFT,
        may_vary=is_mail and bool(steps[place].wording_id) and len(running(steps[place].variants)) < MOST,
        **({"choices": template_choices(), **beside_the_words(written)} if is_mail else {}),
    )


def _shown(step: StepDraft, letter: str) -> VariantDraft | None:
    """The variant of this letter, else the first that is sent; None where all get the same."""
    first = next(iter(running(step.variants)), None)
    return next((one for one in step.variants if one.key == letter), first)


def _saved(letter: str) -> list[str]:
    return [f"Variant {letter} is saved." if letter else "The step is saved."]


def _typed(step: StepDraft, variant: VariantDraft | None) -> dict[str, Any]:
    said = variant or step
    wording = work().session.get(Wording, said.wording_id) if said.wording_id else None
    content = content_of(wording)
    return {
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "bundle_id": content.bundle_id,
        "cc": step.cc,
        "bcc": step.bcc,
        "from_template": said.from_template,
        **{f"weight.{one.key}": one.weight for one in step.variants},
        "name": step.name,
        "details": step.details,
        "priority": step.priority,
        "skip_after_days": step.skip_after_days or "",
    }


def _of_template(template_id: int) -> dict[str, Any]:
    template = template_of(work().session, me(), template_id)
    content = content_of(work().session.get(Wording, template.wording_id))
    return {
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "bundle_id": content.bundle_id,
        "from_template": template.name,
    }


def _words(typed: Mapping[str, str]) -> StepWords:
    names = ("subject", "html", "text", "cc", "bcc", "from_template", "name", "details", "variant")
    written: dict[str, Any] = {name: typed.get(name, "") for name in names}
    return StepWords(
        **written,
        priority=typed.get("priority", "normal"),
        skip_after_days=_days(typed.get("skip_after_days", "").strip()),
    )


def _seen(typed: Mapping[str, str]) -> int | None:
    seen = typed.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else None


def _days(written: str) -> int | None:
    if not written:
        return None
    if not written.isdecimal() or len(written) > 4:
        raise Invalid({"skip_after_days": "Give a number of days, or leave it empty."})
    return int(written)
