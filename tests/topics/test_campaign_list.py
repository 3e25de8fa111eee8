"""The list of campaigns, copies, and what is put away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.copying import archive_campaign, copy_campaign, restore_campaign
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import StepWords
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.listing import (
    campaign_of,
    campaigns_of,
    campaigns_using,
    categories_of,
    only_campaign_named,
)
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.templates import TemplateDraft, create_template, edit_template
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.models import Hold
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


@pytest.fixture
def campaign(uow: UnitOfWork, cast: Cast) -> Campaign:
    campaign = create_campaign(uow, cast.ana, "Q4 CFO outreach", "Outbound")
    key = editing.add_step(uow, cast.ana, campaign.id, StepKind.EMAIL, 1).key
    words = StepWords(subject="Hi", html="<p>Hi</p>", from_template="Opening")
    editing.write_step(uow, cast.ana, campaign.id, key, words)
    editing.add_step(uow, cast.ana, campaign.id, StepKind.CALL, 5)
    return campaign


def stopped(uow: UnitOfWork, campaign: Campaign) -> bool:
    return uow.session.scalars(sa.select(Hold.stopped).filter_by(kind="campaign", key=campaign.id)).one()


def test_it_lists_the_teams_campaigns_by_category_and_name(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    for name, category in (("Renewals EMEA", "Renewals"), ("Autumn", "outbound")):
        create_campaign(uow, cast.ben, name, category)
    create_campaign(uow, cast.dirk, "Elsewhere")
    lines = campaigns_of(uow.session, cast.ben)
    assert [line.name for line in lines] == ["Autumn", "Q4 CFO outreach", "Renewals EMEA"]
    assert (lines[1].owner, lines[1].steps, lines[1].days, lines[1].changes) == ("Ana Lind", 2, 5, False)
    assert lines[0].steps == 0
    assert "Elsewhere" in [line.name for line in campaigns_of(uow.session, cast.cleo)]
    assert categories_of(uow.session, cast.ben) == ["Outbound", "outbound", "Renewals"]


def test_it_narrows_the_list(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    create_campaign(uow, cast.ben, "Renewals EMEA", "Renewals")
    assert [line.name for line in campaigns_of(uow.session, cast.ana, search="cfo OUT")] == [
        "Q4 CFO outreach"
    ]
    assert [line.name for line in campaigns_of(uow.session, cast.ana, category="Renewals")] == [
        "Renewals EMEA"
    ]
    assert campaigns_of(uow.session, cast.ana, states=[CampaignState.ACTIVE]) == []


def test_it_tells_that_changes_wait(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    uow.move(CAMPAIGN, campaign, "launch")
    editing.add_step(uow, cast.ana, campaign.id, StepKind.CALL, 6)
    (line,) = campaigns_of(uow.session, cast.ana)
    assert (line.steps, line.changes) == (3, True)


def test_it_finds_a_campaign_of_the_team_only(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    with pytest.raises(NotFound):
        campaign_of(uow.session, cast.dirk, campaign.id)


def test_it_finds_the_one_campaign_of_a_name(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    assert only_campaign_named(uow.session, "Q4 CFO outreach") is campaign
    theirs = create_campaign(uow, cast.dirk, "Q4 CFO outreach")
    with pytest.raises(Invalid, match="Several teams"):
        only_campaign_named(uow.session, "Q4 CFO outreach")
    assert only_campaign_named(uow.session, "Q4 CFO outreach", "South") is theirs
    with pytest.raises(NotFound, match="no campaign called"):
        only_campaign_named(uow.session, "Autumn")


def test_it_tells_where_a_template_is_used(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    opening, other = (known(uow, cast, name) for name in ("Opening", "Other"))
    words = StepWords(subject="Hi", html="<p>Hi</p>", from_template="Opening")
    key = drafts_of(newest(uow.session, campaign))[0].key
    editing.write_step(uow, cast.ana, campaign.id, key, words)
    assert campaigns_using(uow.session, cast.ben, opening) == [(campaign.id, "Q4 CFO outreach")]
    assert campaigns_using(uow.session, cast.ben, other) == []
    assert campaigns_using(uow.session, cast.dirk, opening) == []


def test_a_template_with_another_name_is_still_known_where_it_is_used(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    """The link is by id. A form that was open before says the old name, and so does a file."""
    opening = known(uow, cast, "Opening")
    words = StepWords(subject="Hi", html="<p>Hi</p>", from_template="Opening")
    key = drafts_of(newest(uow.session, campaign))[0].key
    editing.write_step(uow, cast.ana, campaign.id, key, words)
    edit_template(uow, cast.ana, opening, TemplateDraft("Greeting", "Hi", "<p>Hi</p>"))
    editing.write_step(uow, cast.ana, campaign.id, key, replace(words, html="<p>Hello</p>"))
    import_campaign(uow, cast.ana, export_campaign(uow.session, campaign))
    assert campaigns_using(uow.session, cast.ben, opening) == [(campaign.id, "Q4 CFO outreach")]
    editing.write_step(uow, cast.ana, campaign.id, key, replace(words, from_template=""))
    assert campaigns_using(uow.session, cast.ben, opening) == []


def known(uow: UnitOfWork, cast: Cast, name: str) -> int:
    """The id of a new template of Ana's team."""
    return create_template(uow, cast.ana, TemplateDraft(name, "Hi", "<p>Hi</p>")).id


def test_it_copies_steps_and_settings_under_new_keys(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    copy = copy_campaign(uow, cast.ben, campaign.id)
    old, new = newest(uow.session, campaign), newest(uow.session, copy)
    assert (copy.name, copy.owner_id, copy.state) == (
        "Q4 CFO outreach copy",
        cast.ben.id,
        CampaignState.DRAFT,
    )
    assert new.settings == old.settings
    assert [step.wording_id for step in drafts_of(new)] == [step.wording_id for step in drafts_of(old)]
    assert not {step.key for step in drafts_of(new)} & {step.key for step in drafts_of(old)}
    assert copy_campaign(uow, cast.ben, campaign.id).name == "Q4 CFO outreach copy 2"


def test_it_stops_everything_of_an_archived_campaign(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    uow.move(CAMPAIGN, campaign, "launch")
    archive_campaign(uow, cast.ana, campaign.id)
    assert stopped(uow, campaign)
    assert campaigns_of(uow.session, cast.ana) == []
    assert len(campaigns_of(uow.session, cast.ana, states=[CampaignState.ARCHIVED])) == 1
    with pytest.raises(IllegalMove):
        archive_campaign(uow, cast.ana, campaign.id)


def test_it_restores_a_draft_as_a_draft(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    archive_campaign(uow, cast.ana, campaign.id)
    restore_campaign(uow, cast.ana, campaign.id)
    assert campaign.state is CampaignState.DRAFT
    assert not stopped(uow, campaign)


def test_it_restores_a_launched_campaign_as_paused(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    uow.move(CAMPAIGN, campaign, "launch")
    archive_campaign(uow, cast.ana, campaign.id)
    restore_campaign(uow, cast.ana, campaign.id)
    assert campaign.state is CampaignState.PAUSED
    assert stopped(uow, campaign)


def test_it_puts_away_nothing_of_another_team(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    for act in (archive_campaign, restore_campaign, copy_campaign):
        with pytest.raises(NotFound):
            act(uow, cast.dirk, campaign.id)
