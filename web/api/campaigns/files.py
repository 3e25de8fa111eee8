"""Campaign as code: a campaign as a file, and a file against the stored campaign of its name."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.file import read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.enrollments.changes.date_changes import DateChange
from sales_campaigns.enrollments.changes.file_changes import FilePlan, apply_file, plan_file
from web.api.campaigns.campaigns import get_campaign
from web.api.campaigns.shapes import CampaignShown
from web.api.campaigns.steps import EffectShown
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Shown, Source
from web.request_scope import me, work

api = Area("campaigns", "")
YAML = "application/yaml"
EXAMPLE = {
    "source": "format: sales-campaign/1\nname: Spring\nsteps:\n  - day: 1\n    type: call\n    name: Call them\n"
}


class FileTyped(Asked):
    source: Source = Field(description="The campaign file: YAML or JSON.")


class StepChangeShown(Shown):
    what: str
    day: int
    number: int
    kind: str
    title: str


class DateChangeShown(Shown):
    person: str
    day: int
    number: int
    before: AwareDatetime | None
    after: AwareDatetime | None
    zone: str


class PlanShown(Shown):
    campaign: str
    exists: bool
    changes: bool
    allowed: bool = Field(description="Whether you may apply it.")
    replaces_waiting_edits: bool
    steps: list[StepChangeShown]
    settings: list[str]
    effect: EffectShown
    dates: list[DateChangeShown]


class Imported(Shown):
    id: int
    created: bool
    in_force: bool
    campaign: CampaignShown


class Applied(Shown):
    in_force: bool
    effect: EffectShown
    campaign: CampaignShown


@api.get("/campaigns/<int:campaign_id>/file", gives=YAML)
def export_campaign_file(campaign_id: int) -> Response:
    """The campaign as a file."""
    session = work().session
    return Response(
        write_campaign(export_campaign(session, campaign_of(session, me(), campaign_id))), mimetype=YAML
    )


@api.post("/campaign-files/import", example=EXAMPLE)
def import_campaign_file(body: FileTyped) -> Imported:
    """A new campaign, or a new version of the team's campaign of that name."""
    filed = import_campaign(work(), me(), read_campaign(body.source))
    work().session.flush()
    known: dict[str, Any] = {"created": filed.created, "in_force": filed.in_force}
    return Imported(id=filed.campaign.id, campaign=get_campaign(filed.campaign.id), **known)


@api.post("/campaign-files/plan", example=EXAMPLE)
def plan_campaign_file(body: FileTyped) -> PlanShown:
    """What the file would change, and for whom. Nothing is changed."""
    return _planned(plan_file(work(), me(), read_campaign(body.source)))


@api.post("/campaign-files/apply", example=EXAMPLE)
def apply_campaign_file(body: FileTyped) -> Applied:
    """Put the file into force, also for the people under way."""
    filed, effect = apply_file(work(), me(), read_campaign(body.source))
    work().session.flush()
    return Applied(
        in_force=filed.in_force,
        effect=EffectShown.model_validate(effect),
        campaign=get_campaign(filed.campaign.id),
    )


def _planned(planned: FilePlan) -> PlanShown:
    return PlanShown(
        campaign=planned.campaign,
        exists=planned.exists,
        changes=not planned.nothing,
        allowed=planned.allowed,
        replaces_waiting_edits=planned.waiting,
        steps=[StepChangeShown.model_validate(step) for step in planned.steps],
        settings=list(planned.settings),
        effect=EffectShown.model_validate(planned.effect),
        dates=list(map(_date, planned.dates)),
    )


def _date(one: DateChange) -> DateChangeShown:
    return DateChangeShown.model_validate(one)
