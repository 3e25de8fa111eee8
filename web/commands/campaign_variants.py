"""flask campaign report and variant: what became of a campaign, and deciding between the variants of a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.listing import only_campaign_named
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.enrollments.changes.settling_variants import ACTS, settle_variant
from sales_campaigns.enrollments.explaining.behind_tasks import behind_tasks
from sales_campaigns.enrollments.explaining.figures import Figures, StepFigures, figures_of
from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.errors import NotFound
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.running import command_work, json_option, out
from web.parts.change_words import effect_words
from web.parts.variant_lines import MEASURES, varied_steps

A_TEAM = click.option("--team", default="", help="Needed when several teams have a campaign of this name.")


@click.command("report")
@click.argument("name")
@A_TEAM
@click.option(
    "--by", type=click.Choice(list(MEASURES)), default="replied", help="What variants are judged by."
)
@json_option
@with_appcontext
def report(name: str, team: str, by: str, as_json: bool) -> None:
    """Print what became of the campaign NAME, step by step, and which variant is better where that is known."""
    with command_work() as uow:
        campaign = only_campaign_named(uow.session, name, team)
        found = figures_of(uow.session, campaign)
        verdicts = {
            one.figures.key: one.verdict.words for one in varied_steps(found.steps, by) if one.verdict
        }
        behind = behind_tasks(uow.session, campaign)
        data = told(campaign, found, verdicts) | {"behind": [asdict(one) for one in behind]}
        lines = [*_lines(found, verdicts), *(f"{one.people} behind a task of {one.user}" for one in behind)]
    out(data, as_json, "\n".join(lines) or "Nothing has happened yet.")


@click.command("variant")
@click.argument("name")
@click.argument("place", metavar="DAY.STEP")
@click.argument("letter")
@click.argument("act", type=click.Choice(list(ACTS)))
@A_TEAM
@click.option("--user", "email", required=True, help="Who decides.")
@json_option
@with_appcontext
def variant(name: str, place: str, letter: str, act: str, team: str, email: str, as_json: bool) -> None:
    """Stop a variant of a step of the campaign NAME, start it again, or use only it from now on."""
    with command_work() as uow:
        campaign = only_campaign_named(uow.session, name, team)
        key = _step_at(uow, campaign, place).key
        settled = settle_variant(uow, user_by_email(uow, email), campaign.id, key, letter.upper(), act)
        data = {"version": settled.edited.version.number, "in_force": settled.effect is not None}
    words = (
        effect_words(settled.effect) if settled.effect else "It waits with the other changes to be applied."
    )
    out(data, as_json, f"It is version {data['version']}. {words}")


def told(campaign: Campaign, found: Figures, verdicts: dict[str, str]) -> dict[str, Any]:
    """The figures as plain values for JSON; a step that is no longer there has no day."""
    return {
        "campaign": campaign.name,
        "people": {state.value: number for state, number in found.people.items()},
        "steps": [
            {
                "day": one.step.day if one.step else None,
                "step": one.step.number if one.step else None,
                "title": one.title,
                "figures": asdict(one.funnel),
                "versions": {str(number): asdict(funnel) for number, funnel in one.versions.items()},
                "variants": {letter: asdict(funnel) for letter, funnel in one.variants.items()},
                "verdict": verdicts.get(one.key),
            }
            for one in found.steps
        ],
    }


def _lines(found: Figures, verdicts: dict[str, str]) -> Iterator[str]:
    for one in found.steps:
        yield f"{_place(one)} {one.title}: {_figures(one.funnel)}"
        for letter, funnel in one.variants.items():
            yield f"  variant {letter}: {_figures(funnel)}"
        if one.key in verdicts:
            yield f"  {verdicts[one.key]}"


def _place(one: StepFigures) -> str:
    return f"day {one.step.day}, step {one.step.number}" if one.step else "no longer there"


def _figures(funnel: Funnel) -> str:
    mails = f"{funnel.sent:,} sent, {funnel.delivered:,} delivered, {funnel.opened:,} opened"
    return f"{funnel.reached:,} reached, {mails}, {funnel.clicked:,} clicked, {funnel.replied:,} replied"


def _step_at(uow: UnitOfWork, campaign: Campaign, place: str) -> StepDraft:
    """The step called DAY.STEP. Raises NotFound."""
    for step in drafts_of(newest(uow.session, campaign)):
        if f"{step.day}.{step.number}" == place:
            return step
    raise NotFound(
        f"“{campaign.name}” has no step {place}. Write the day and the number within it, such as 3.1."
    )
