"""Reports on pages: a campaign's, its file, comparing, Today's hot people, search by what people did, templates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.messages.incoming.models import MailKind
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tracking.models import EventKind
from tests.builders import a_mail
from tests.cast import Cast
from tests.conftest import Work
from tests.engagement import answered, did, sent_mails
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]


@pytest.fixture
def campaign(work: Work, cast: Cast) -> Campaign:
    """Four mails left: Ida opened twice, Otto clicked, a machine opened Eve's, Max opted out."""
    with work() as uow:
        campaign, mails = sent_mails(
            uow, cast, *(f"{name}@example.com" for name in ("ida", "otto", "eve", "max"))
        )
        did(uow, mails[0], EventKind.OPEN, EventKind.OPEN)
        did(uow, mails[1], EventKind.CLICK)
        did(uow, mails[2], EventKind.OPEN, machine="scanner")
        did(uow, mails[3], EventKind.OPT_OUT)
        answered(uow, mails[:1])
        uow.session.get_one(Person, mails[0].person_id).phone = "+46 8 123 456"
    return campaign


def test_the_report_labels_unique_and_total_and_greys_machines(
    browse: Browse, cast: Cast, campaign: Campaign
) -> None:
    page = browse(cast.ana).get(f"/campaigns/{campaign.id}/report").text
    said = text(page)
    assert "Every figure here is unique: each person counts once at a step." in said
    assert "Opens 2 total, by people; 1 by machines, not counted" in said
    assert (
        '<div class="machines" title="Opened or followed by programs: not counted">+ 1 by machines</div>'
        in page
    )


def test_the_pictures_can_be_read_out(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    page = browse(cast.ana).get(f"/campaigns/{campaign.id}/report").text
    assert 'role="img" aria-labelledby="chart-1-title chart-1-words"' in page
    assert "Mon: 4 mails sent, 2 opened, 1 clicked, 0 replied, 1 opted out." in page
    assert "09: 4 mails sent" in page


def test_the_report_as_a_file(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    answer = browse(cast.ana).get(f"/campaigns/{campaign.id}/report/figures.csv")
    head, first, *rest = answer.text.removeprefix("\ufeff").splitlines()
    assert head.startswith("What,Of,Which,reached,waiting,sent,delivered,")
    assert first.startswith('step,"day 1, step 1"')
    assert [line.partition(",")[0] for line in rest] == ["version", "rep", "hour"]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_list_says_how_many_of_the_people_written_to_replied(
    browse: Browse, work: Work, cast: Cast, campaign: Campaign
) -> None:
    """Auto-replies are no replies. The list asks for it once it stands, and until then leads to the report."""
    with work() as uow:
        for name, kind in (("otto", MailKind.REPLY), ("eve", MailKind.AUTO_REPLY)):
            of_campaign = (Message.campaign_id == campaign.id, Message.email == f"{name}@example.com")
            answered(uow, uow.session.scalars(sa.select(Message).where(*of_campaign)).all(), kind=kind)
    browser = browse(cast.ana)
    page = browser.get("/campaigns").text
    assert 'hx-get="/campaigns/reply-rates"' in page
    assert f'<a id="replied-{campaign.id}" href="/campaigns/{campaign.id}/report">Report</a>' in page
    rates = browser.get("/campaigns/reply-rates").text
    assert f'id="replied-{campaign.id}" ' in rates and 'hx-swap-oob="true"' in rates
    assert text(rates) == "50.0 %" and 'title="2 of 4 people written to"' in rates
    assert text(browse(cast.dirk).get("/campaigns/reply-rates").text) == "", "another team"


def test_two_campaigns_side_by_side(browse: Browse, work: Work, cast: Cast, campaign: Campaign) -> None:
    with work() as uow:
        other, _ = sent_mails(uow, cast, "p@example.com", name="Other")
    said = text(browse(cast.ana).get(f"/analytics/compare?a={campaign.id}&b={other.id}").text)
    assert "Sent total 4 1 +3" in said
    assert "Opened unique 2 – +2" in said
    assert "+ 1 by machines" in said


def test_two_periods_side_by_side(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    """Without a word, the last thirty days beside the thirty before."""
    said = text(browse(cast.ana).get(f"/analytics/compare?a={campaign.id}").text)
    assert "Sent total 4 – +4" in said


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("a_from=tomorrow", "Write two dates"),
        ("a_from=2026-11-30&a_to=2026-11-01", "The last day is not before the first"),
        ("b_from=0001-01-01", "at most three years"),
    ],
)
def test_a_period_that_is_none_is_told_and_stays(browse: Browse, cast: Cast, typed: str, words: str) -> None:
    answer = browse(cast.ana).get(f"/analytics/compare?{typed}")
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{typed.partition("=")[2].partition("&")[0]}"' in answer.text


def test_another_teams_campaign_is_not_there_to_compare(
    browse: Browse, cast: Cast, campaign: Campaign
) -> None:
    assert browse(cast.dirk).get(f"/analytics/compare?a={campaign.id}").status_code == 404


def test_analytics_has_opens_and_clicks_on_every_tab(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    for browser, tab in ((ana, "me"), (cleo, "team"), (cleo, "content")):
        assert "Opened (unique) Clicked (unique)" in text(browser.get(f"/analytics?tab={tab}").text)
    line = cleo.get("/analytics/figures.csv?tab=content").text.splitlines()[1]
    assert line.startswith("Q4 outreach,4,4,2,1,1,1,0,4,2,1,1,0,")


def test_today_shows_who_is_hot_with_the_ways_to_reach_them(
    browse: Browse, cast: Cast, campaign: Campaign
) -> None:
    page = browse(cast.ana).get("/").text
    said = text(page)
    assert "Hot people A reply counts 5, a click 3, an open 1, in the last 7 days" in said
    assert "7 1 reply, 2 opens" in said
    assert 'href="tel:+468123456"' in page
    assert said.index("1 reply, 2 opens") < said.index("1 click")


def test_people_are_found_by_what_they_did(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    ana = browse(cast.ana)
    found = text(ana.get("/people?did=clicked&days=7").text)
    assert "1 person found" in found
    assert "Otto Santos" in found
    assert "4 people found" in text(ana.get(f"/people?campaign={campaign.id}&standing=under_way").text) or (
        "4 people found" in text(ana.get(f"/people?campaign={campaign.id}").text)
    )
    assert "found" not in text(ana.get("/people?days=30").text).partition("Choose")[0]


def test_what_means_nothing_narrows_nothing(browse: Browse, cast: Cast, campaign: Campaign) -> None:
    ana = browse(cast.ana)
    for asked in ("did=sang", "days=many", "campaign=x", "standing=hovering", "campaign=99999999999999"):
        assert "4 people" in text(ana.get(f"/people?{asked}").text)


def test_a_template_tells_what_became_of_each_version(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        template = create_template(uow, cast.ana, TemplateDraft("Hello", "One", "<p>1</p>"))
        _, mails = sent_mails(
            uow, cast, "ida@example.com", step=a_mail(uow, 1, wording_id=template.wording_id)
        )
        did(uow, mails[0], EventKind.OPEN)
    said = text(browse(cast.ana).get(f"/templates/{template.id}").text)
    assert "Sent Opened Clicked Replied" in said
    assert "1 1 100.0 % – –" in said


def test_a_person_who_opened_again_and_again_is_one_line(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        _, (mail, other) = sent_mails(uow, cast, "ida@example.com", "otto@example.com")
        for message in (mail, other, mail, mail, mail):
            about = {"team_id": mail.team_id, "person_id": message.person_id, "message_id": message.id}
            uow.record("message.opened" if message is mail else "message.clicked", **about)
    said = text(browse(cast.ana).get("/feed").text)
    assert said.count("opened “") == 1
    assert "4 times" in said


def test_what_a_program_opened_is_greyed_and_offers_no_call(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: machine opens greyed."""
    with work() as uow:
        _, [mail] = sent_mails(uow, cast, "ida@example.com")
        about = {"team_id": mail.team_id, "person_id": mail.person_id, "message_id": mail.id}
        uow.record("message.machine_opened", **about, data={"machine": "scanner"})
    feed = browse(cast.ana).get("/feed").text
    line = feed[feed.index('class="feed-item machine"') :].partition("</li>")[0]
    assert "opened by a program (scanner)" in text(line)
    assert "See the mail" in line and "Write" not in line
