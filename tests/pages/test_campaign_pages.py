"""The list of campaigns: find, make, copy, put away, import and export."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import add_step
from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.filing import import_campaign
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.opening import open_due
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]
FILE = """\
format: sales-campaign/1
name: "Autumn <b>calls</b>"
category: "Outbound"
steps:
  - day: 1
    type: call
    name: "Call"
"""


@pytest.fixture
def campaign_id(work: Work, cast: Cast) -> int:
    with work() as uow:
        campaign = create_campaign(uow, cast.ana, "Q4 CFO outreach", "Outbound")
        add_step(uow, cast.ana, campaign.id, StepKind.CALL, 1)
        return campaign.id


def test_it_lists_the_teams_campaigns(browse: Browse, cast: Cast, campaign_id: int) -> None:
    shown = browse(cast.ben).get("/campaigns").text
    assert "Q4 CFO outreach" in shown and f"/campaigns/{campaign_id}" in shown
    assert "Q4 CFO outreach" not in browse(cast.dirk).get("/campaigns").text


def test_it_invites_to_make_the_first_one(browse: Browse, cast: Cast) -> None:
    assert "No campaigns yet" in browse(cast.ana).get("/campaigns").text


def test_it_searches_by_part_and_by_page_alike(browse: Browse, cast: Cast, campaign_id: int) -> None:
    browser = browse(cast.ana)
    part = browser.get("/campaigns?search=cfo", htmx=True).text
    assert part.lstrip().startswith('<div id="campaigns">') and "Q4 CFO outreach" in part
    assert plain(part) in plain(browser.get("/campaigns?search=cfo").text)
    assert "No campaign matches" in browser.get("/campaigns?search=nothing", htmx=True).text
    assert "No campaign matches" in browser.get("/campaigns?category=Renewals").text
    assert "No campaign matches" in browser.get("/campaigns?state=paused").text
    assert browser.get("/campaigns?state=odd").status_code == 200


def test_it_needs_as_many_queries_for_many_campaigns_as_for_one(
    browse: Browse, cast: Cast, campaign_id: int, work: Work, queries: Queries
) -> None:
    browser = browse(cast.ana)
    with queries() as one:
        browser.get("/campaigns")
    with work() as uow:
        for number in range(12):
            campaign = create_campaign(uow, cast.ana, f"Campaign {number}")
            add_step(uow, cast.ana, campaign.id, StepKind.CALL, 1)
    with queries() as many:
        browser.get("/campaigns")
    assert len(many) == len(one)


def test_it_makes_a_campaign_and_opens_it(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.ana).post("/campaigns", {"name": "Spring", "category": "Renewals"})
    assert answer.status_code == 303
    assert "Spring" in browse(cast.ana).get(answer.headers["Location"]).text


def test_it_keeps_what_was_typed_when_the_name_is_taken(browse: Browse, cast: Cast, campaign_id: int) -> None:
    answer = browse(cast.ana).post("/campaigns", {"name": "Q4 CFO outreach", "category": "Mine & yours"})
    assert answer.status_code == 422
    assert "has this name" in answer.text and "Mine &amp; yours" in answer.text


def test_it_copies_archives_and_restores(browse: Browse, cast: Cast, campaign_id: int) -> None:
    browser = browse(cast.ben)
    copied = browser.post(f"/campaigns/{campaign_id}/copy")
    assert "Q4 CFO outreach copy" in browser.get(copied.headers["Location"]).text
    browser.post(f"/campaigns/{campaign_id}/archive")
    shown = browser.get("/campaigns").text
    assert "is archived; nothing of it leaves" in shown
    assert f"/campaigns/{campaign_id}/restore" in shown, "the notice can be undone"
    assert f'href="/campaigns/{campaign_id}"' not in shown
    browser.post(f"/campaigns/{campaign_id}/restore")
    assert f'href="/campaigns/{campaign_id}"' in browser.get("/campaigns").text


def test_archiving_says_who_waits_and_a_copy_has_nobody_in_it(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_call(3)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    browser = browse(cast.ana)
    copied = browser.post(f"/campaigns/{campaign.id}/copy").headers["Location"]
    assert "Nobody is in this campaign yet" in browser.get(f"{copied}/people").text
    browser.post(f"/campaigns/{campaign.id}/archive")
    assert "1 person under way waits until it is restored and resumed" in browser.get("/campaigns").text
    with work() as uow:
        assert open_due(uow) == 0, "no task opens"


def test_it_pauses_and_resumes_a_running_campaign(
    browse: Browse, work: Work, cast: Cast, campaign_id: int
) -> None:
    browser, url = browse(cast.ana), f"/campaigns/{campaign_id}"
    assert f"{url}/pause" not in browser.get(url).text
    assert browser.post(f"{url}/pause").status_code == 409
    with work() as uow:
        uow.move(CAMPAIGN, campaign_of(uow.session, cast.ana, campaign_id), "launch")
    browser.post(f"{url}/pause")
    assert "Paused: nothing is sent" in browser.get(url).text
    browser.post(f"{url}/resume")
    shown = browser.get(url).text
    assert "Running again" in shown and f"{url}/pause" in shown


@pytest.mark.parametrize("act", ["copy", "archive", "restore", "pause", "resume"])
def test_it_does_nothing_to_another_teams_campaign(
    browse: Browse, cast: Cast, campaign_id: int, act: str
) -> None:
    assert browse(cast.dirk).post(f"/campaigns/{campaign_id}/{act}").status_code == 404


def test_it_imports_a_pasted_and_an_uploaded_file(browse: Browse, cast: Cast) -> None:
    browser = browse(cast.ana)
    first = browser.post("/campaigns/import", {"source": FILE})
    shown = browser.get(first.headers["Location"]).text
    assert "Imported as a new campaign." in shown and "Autumn &lt;b&gt;calls" in shown
    upload = {"file": (io.BytesIO(FILE.encode("utf-8-sig")), "autumn.yaml")}
    second = browser.post("/campaigns/import", upload)
    assert second.headers["Location"] == first.headers["Location"]
    assert "Imported as a new version." in browser.get(second.headers["Location"]).text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("format: sales-campaign/1\nname: x\nsteps:\n  - day: 1\n    type: fax\n", "line 5, column 11"),
        ("{{", "line 1"),
        ("", "empty"),
    ],
)
def test_it_says_where_a_file_is_wrong_and_keeps_it(
    browse: Browse, cast: Cast, source: str, words: str
) -> None:
    answer = browse(cast.ana).post("/campaigns/import", {"source": source})
    assert answer.status_code == 422
    assert words in answer.text and source in answer.text


def test_it_refuses_a_file_that_is_no_text(browse: Browse, cast: Cast) -> None:
    upload = {"file": (io.BytesIO(b"\xff\xfe\x00"), "autumn.yaml")}
    assert "UTF-8" in browse(cast.ana).post("/campaigns/import", upload).text


def test_it_exports_what_it_imports(browse: Browse, cast: Cast, work: Work) -> None:
    with work() as uow:
        campaign = import_campaign(uow, cast.ana, read_campaign(FILE)).campaign
    answer = browse(cast.ben).get(f"/campaigns/{campaign.id}/export")
    assert read_campaign(answer.text) == read_campaign(FILE)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert browse(cast.dirk).get(f"/campaigns/{campaign.id}/export").status_code == 404
