"""Rehearse: the campaign really played, on a clock of its own."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.rehearsals.asking import Wanted, ask_rehearsal, stop_rehearsal
from sales_campaigns.rehearsals.models import Rehearsal, RehearsalState
from sales_campaigns.rehearsals.reading import latest_rehearsals, mails_of, rehearsal_of
from sales_campaigns.rehearsals.watching import compared
from web.api.campaigns.forecasts import Wall
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Shown
from web.request_scope import me, work

api = Area("campaigns", "")


class RehearsalAsked(Asked):
    """A group, or a sample of your people; `preset` says what they do."""

    group_id: Id | None = None
    preset: str = Field("silent", max_length=40)
    start: Wall | None = None


class DifferenceShown(Shown):
    person: str
    day: int
    step: int
    fields: list[str]


class RehearsalShown(Shown):
    id: int
    campaign_id: int
    state: RehearsalState
    preset: str
    people: int
    percent: int
    trouble: str
    created_at: AwareDatetime
    ended_at: AwareDatetime | None


class RehearsalResult(RehearsalShown):
    """What happened, once it is `done`, and everything in which it is not what was simulated."""

    entries: list[dict[str, Any]]
    endings: dict[str, Any]
    differences: list[DifferenceShown]


class RehearsalsShown(Shown):
    rehearsals: list[RehearsalShown]


@api.get("/campaigns/<int:campaign_id>/rehearsals")
def list_rehearsals(campaign_id: int) -> RehearsalsShown:
    """The last rehearsals of a campaign."""
    campaign = campaign_of(work().session, me(), campaign_id)
    found = latest_rehearsals(work().session, campaign.id)
    return RehearsalsShown(rehearsals=[RehearsalShown.model_validate(one) for one in found])


@api.post("/campaigns/<int:campaign_id>/rehearsals", status=201, example={"preset": "silent"})
def ask_for_rehearsal(campaign_id: int, body: RehearsalAsked) -> RehearsalShown:
    """It is played by the scheduler; ask for it until it is `done`."""
    asked = ask_rehearsal(work(), me(), campaign_id, Wanted(body.group_id, body.preset, body.start))
    work().session.flush()
    return RehearsalShown.model_validate(asked)


@api.get("/campaigns/<int:campaign_id>/rehearsals/<int:rehearsal_id>")
def get_rehearsal(campaign_id: int, rehearsal_id: int) -> RehearsalResult:
    """One rehearsal."""
    return _result(rehearsal_of(work().session, me(), campaign_id, rehearsal_id))


@api.post("/campaigns/<int:campaign_id>/rehearsals/<int:rehearsal_id>/stop", status=204)
def stop_rehearsal_of_campaign(campaign_id: int, rehearsal_id: int) -> None:
    """Stop it."""
    stop_rehearsal(work(), me(), campaign_id, rehearsal_id)


def _result(found: Rehearsal) -> RehearsalResult:
    kept = {name: getattr(found, name) for name in RehearsalShown.model_fields}
    if found.state is not RehearsalState.DONE:
        return RehearsalResult(**kept, entries=[], endings={}, differences=[])
    differences = compared(found, mails_of(work().session, found))
    return RehearsalResult(
        **kept,
        entries=list(found.happened["entries"]),
        endings=found.endings,
        differences=[
            DifferenceShown(person=one.person, day=one.day, step=one.step, fields=list(one.fields))
            for one in differences
        ],
    )
