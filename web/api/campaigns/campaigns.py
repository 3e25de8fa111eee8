"""Campaigns: find, make, copy, put away, pause; name, category and settings."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.campaigns.copying import archive_campaign, copy_campaign, restore_campaign
from sales_campaigns.campaigns.creating import change_settings, create_campaign, rename_campaign
from sales_campaigns.campaigns.file import Colleagues, Lateness, OnReply, OutOfOffice, ZoneOf
from sales_campaigns.campaigns.listing import CampaignLine, campaign_of, campaigns_of
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.starters import STARTERS, start_from
from sales_campaigns.campaigns.stored_settings import settings_of, settings_typed, typed_form
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.explaining.counting import PeopleCount, people_counts
from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign
from web.api.campaigns.shapes import CampaignInList, CampaignShown, campaign_shown
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Line, Page
from web.request_scope import me, work

api = Area("campaigns", "Series of days and steps, and the people who go through them.")
Clock = Field("", max_length=5, description="A time of day such as 09:00; empty is none.")


class CampaignsAsked(AskedPage):
    search: str = Field("", max_length=200)
    category: Line | None = None
    state: CampaignState | None = None


class NewCampaign(Asked):
    name: Line = Field(min_length=1)
    category: Line = ""
    starter: str = Field("", max_length=60, description="A ready-made campaign to begin with.")


class ChangedCampaign(Asked):
    """What is not given stays. Changed settings wait to be applied while people are under way."""

    name: Line | None = None
    category: Line | None = None
    skip_weekends: bool | None = None
    holidays: str | None = Field(None, max_length=12, description="SE, US-CA; empty for none.")
    window_from: str | None = Clock
    window_to: str | None = Clock
    timezone: ZoneOf | None = None
    on_reply: OnReply | None = None
    remove_on_bounce: bool | None = None
    out_of_office: OutOfOffice | None = None
    late_limit: str | None = Field(None, max_length=20, description="A length such as 4h.")
    late_then: Lateness | None = None
    track_opens: bool | None = None
    track_clicks: bool | None = None
    colleagues: Colleagues | None = None
    schedule: Line | None = Field(
        None, description="The name of one of the team's schedules; empty for none."
    )


@api.get("/campaigns")
def list_campaigns(query: CampaignsAsked) -> Page[CampaignInList]:
    """The campaigns of your team, with how many people are under way."""
    session = work().session
    states = [query.state] if query.state else []
    lines = campaigns_of(session, me(), search=query.search, category=query.category, states=states)
    counted = people_counts(session, [line.id for line in lines])
    return short_list(
        lines,
        lambda line: line.id,
        lambda line: _in_list(line, counted.get(line.id)),
        query.after,
        query.limit,
    )


@api.post("/campaigns", status=201, example={"name": "Spring", "category": "Outbound"})
def create_campaign_of_mine(body: NewCampaign) -> CampaignShown:
    """An empty draft, or one with the steps of a starter."""
    if body.starter in STARTERS:
        return campaign_shown(start_from(work(), me(), body.starter, body.name, body.category))
    return campaign_shown(create_campaign(work(), me(), body.name, body.category))


@api.get("/campaigns/<int:campaign_id>")
def get_campaign(campaign_id: int) -> CampaignShown:
    """One campaign with the steps and settings of its newest version."""
    return campaign_shown(campaign_of(work().session, me(), campaign_id))


@api.patch(
    "/campaigns/<int:campaign_id>", edits=Edits(Campaign, get_campaign), example={"skip_weekends": True}
)
def change_campaign_of_mine(campaign_id: int, body: ChangedCampaign) -> CampaignShown:
    """Rename it, or change its settings."""
    given = body.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    campaign = campaign_of(work().session, me(), campaign_id)
    if given.keys() & {"name", "category"}:
        named = {"name": campaign.name, "category": campaign.category, **given}
        rename_campaign(work(), me(), campaign_id, named["name"], named["category"])
    wanted = {name: value for name, value in given.items() if name not in {"name", "category"}}
    if wanted:
        kept = typed_form(settings_of(newest(work().session, campaign).settings))
        change_settings(work(), me(), campaign_id, settings_typed(_as_typed({**kept, **wanted})))
    return get_campaign(campaign_id)


@api.post("/campaigns/<int:campaign_id>/copy", status=201)
def copy_campaign_of_mine(campaign_id: int) -> CampaignShown:
    """A draft with the same steps."""
    return campaign_shown(copy_campaign(work(), me(), campaign_id))


@api.post("/campaigns/<int:campaign_id>/archive")
def archive_campaign_of_mine(campaign_id: int) -> CampaignShown:
    """Put it away: nothing of it leaves."""
    return campaign_shown(archive_campaign(work(), me(), campaign_id))


@api.post("/campaigns/<int:campaign_id>/restore")
def restore_campaign_of_mine(campaign_id: int) -> CampaignShown:
    """Bring it back from the archive."""
    return campaign_shown(restore_campaign(work(), me(), campaign_id))


@api.post("/campaigns/<int:campaign_id>/pause")
def pause_campaign_of_mine(campaign_id: int) -> CampaignShown:
    """Nothing is sent and no task opens until it is resumed."""
    pause_campaign(work(), me(), campaign_of(work().session, me(), campaign_id, lock=True))
    return get_campaign(campaign_id)


@api.post("/campaigns/<int:campaign_id>/resume")
def resume_campaign_of_mine(campaign_id: int) -> CampaignShown:
    """It goes on; what came due meanwhile takes its next time."""
    resume_campaign(work(), me(), campaign_of(work().session, me(), campaign_id, lock=True))
    return get_campaign(campaign_id)


def _in_list(line: CampaignLine, counted: PeopleCount | None) -> CampaignInList:
    found = CampaignInList.model_validate(line)
    if counted is None:
        return found
    return found.model_copy(update={"under_way": counted.under_way, "over": counted.over})


def _as_typed(values: dict[str, object]) -> dict[str, str]:
    """As the form sends it: what is off is not there."""
    return {
        name: "1" if value is True else str(value)
        for name, value in values.items()
        if value not in (False, None)
    }
