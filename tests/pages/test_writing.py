"""Writing steps, settings and templates: saved, previewed, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import SendChoice, StepWords
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.templates import TemplateDraft, create_template
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
OPENING = TemplateDraft(
    "Opening", "Routes, {{ first_name }}", "<p>How do you plan routes?</p>", category="Outbound"
)
TYPED = {"name": "Opening", "subject": "Hello", "html": "<p>Hi</p>", "category": "Outbound", "shared": "1"}


@pytest.fixture
def campaign(work: Work, cast: Cast) -> tuple[str, str, str]:
    """(address, key of its e-mail, key of its call)"""
    with work() as uow:
        row = create_campaign(uow, cast.ana, "Q4 CFO outreach")
        mail = editing.add_step(uow, cast.ana, row.id, StepKind.EMAIL, 1).key
        call = editing.add_step(uow, cast.ana, row.id, StepKind.CALL, 2).key
    return f"/campaigns/{row.id}", mail, call


@pytest.fixture
def template_id(work: Work, cast: Cast) -> int:
    with work() as uow:
        return create_template(uow, cast.ana, OPENING).id


def test_it_saves_the_words_of_a_step(
    browse: Browse, work: Work, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, mail, _ = campaign
    browser = browse(cast.ana)
    assert browser.post(f"{url}/steps/{mail}", {"subject": "Hello", "html": "<p>Hi</p>"}).status_code == 303
    assert 'value="Hello"' in browser.get(f"{url}/steps/{mail}").text
    with work() as uow:
        row = campaign_of(uow.session, cast.ana, int(url.rpartition("/")[2]))
        step = drafts_of(newest(uow.session, row))[0]
        assert uow.session.get_one(Wording, step.wording_id).html == "<p>Hi</p>"


def test_it_keeps_a_mail_that_cannot_be_sent_and_says_where_it_is_wrong(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, mail, _ = campaign
    answer = browse(cast.ana).post(f"{url}/steps/{mail}", {"subject": "Long work", "html": "<p>\n{{ oh"})
    assert answer.status_code == 422
    assert "line 2, column" in answer.text and "{{ oh" in answer.text and "Long work" in answer.text


def test_it_overwrites_nothing_that_the_writer_has_not_seen(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, mail, _ = campaign
    shown = re.search(r'name="seen" value="(\d+)"', browse(cast.ana).get(f"{url}/steps/{mail}").text)
    assert shown is not None
    browse(cast.ben).post(f"{url}/steps/{mail}", {"subject": "By Ben", "html": "<p>Ben</p>"})
    mine = {"subject": "By Ana", "html": "<p>Ana</p>", "seen": shown[1]}
    refused = browse(cast.ana).post(f"{url}/steps/{mail}", mine)
    assert refused.status_code == 422 and "Somebody else changed this step" in refused.text
    assert 'value="By Ana"' in refused.text
    again = re.search(r'name="seen" value="(\d+)"', refused.text)
    assert again is not None
    assert browse(cast.ana).post(f"{url}/steps/{mail}", {**mine, "seen": again[1]}).status_code == 303


def test_it_saves_when_only_other_steps_were_changed(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, mail, call = campaign
    browse(cast.ben).post(f"{url}/steps/{call}", {"name": "Call Maria"})
    mine = {"subject": "By Ana", "html": "<p>Ana</p>", "seen": "3"}
    assert browse(cast.ana).post(f"{url}/steps/{mail}", mine).status_code == 303


def test_it_offers_the_words_of_a_template(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str], template_id: int
) -> None:
    url, mail, _ = campaign
    shown = browse(cast.ana).get(f"{url}/steps/{mail}?template={template_id}").text
    assert "Routes, {{ first_name }}" in shown and 'name="from_template" value="Opening"' in shown


def test_it_saves_what_a_task_asks_for(browse: Browse, cast: Cast, campaign: tuple[str, str, str]) -> None:
    url, _, call = campaign
    browser = browse(cast.ana)
    typed = {"name": "Call about routes", "details": "Ask", "priority": "high", "skip_after_days": "10"}
    browser.post(f"{url}/steps/{call}", typed)
    shown = browser.get(url).text
    assert "Call about routes" in shown and "high priority" in shown and "skipped after 10 days" in shown
    answer = browser.post(f"{url}/steps/{call}", {**typed, "name": "", "skip_after_days": "soon"})
    assert answer.status_code == 422 and "Give a number of days" in answer.text and "Ask" in answer.text


def test_it_saves_settings_and_says_what_is_wrong_with_them(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, browser = campaign[0], browse(cast.ana)
    typed = {"name": "Q1 outreach", "category": "New", "window_from": "07:00", "window_to": "17:00"}
    assert browser.post(f"{url}/settings", {**typed, "holidays": "US-CA"}).status_code == 303
    shown = browser.get(url).text
    assert "Q1 outreach" in shown and "holidays of US-CA" in shown and "07:00–17:00" in shown
    assert "seven-day week" in shown
    answer = browser.post(f"{url}/settings", {**typed, "holidays": "Atlantis", "window_to": ""})
    assert answer.status_code == 422
    assert 'value="Atlantis"' in answer.text and "Give both times" in answer.text


def test_it_changes_neither_name_nor_settings_when_one_of_them_is_refused(
    browse: Browse, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, browser = campaign[0], browse(cast.ana)
    assert browser.post(f"{url}/settings", {"name": "", "holidays": "SE"}).status_code == 422
    assert "holidays of SE" not in browser.get(url).text


def test_it_previews_what_is_typed_for_a_person_and_lets_nothing_run(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "maria@example.com", company="A & B")
    typed = {
        "subject": "Hi {{ first_name }}",
        "html": "<p style='color: red'>{{ company }}</p><script>1</script>",
        "as": "maria",
    }
    answer = browse(cast.ana).post("/previews", typed)
    assert "Hi Maria" in answer.text and "A &amp; B" in answer.text and "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Nobody of your team matches" in browse(cast.dirk).post("/previews", typed).text
    assert "line 1" in browse(cast.ana).post("/previews", {"subject": "{{ oh", "html": "x"}).text


def test_it_lists_searches_and_writes_templates(browse: Browse, cast: Cast, template_id: int) -> None:
    browser = browse(cast.ben)
    assert "Opening" in browser.get("/templates").text
    part = browser.get("/templates?search=routes", htmx=True).text
    assert plain(part) in plain(browser.get("/templates?search=routes").text)
    assert "No template matches" in browser.get("/templates?search=nothing").text
    assert browser.post("/templates", {**TYPED, "name": "Second"}).status_code == 303
    assert "Second" in browser.get("/templates").text


def test_it_keeps_a_template_that_cannot_be_saved(browse: Browse, cast: Cast, template_id: int) -> None:
    for url in ("/templates", f"/templates/{template_id}"):
        answer = browse(cast.ana).post(url, {**TYPED, "name": "", "html": "<p>{% if %}"})
        assert answer.status_code == 422
        assert (
            "Give the template a name" in answer.text
            and "line 1" in answer.text
            and 'value="Hello"' in answer.text
        )


def test_it_shows_versions_and_brings_one_back(
    browse: Browse, work: Work, cast: Cast, template_id: int
) -> None:
    browser, url = browse(cast.ana), f"/templates/{template_id}"
    browser.post(url, TYPED)
    assert f"{url}/versions/1/bring-back" in browser.get(url).text
    browser.post(f"{url}/versions/1/bring-back")
    assert "Version 1 is now version 3." in browser.get(url).text


def test_it_copies_archives_and_restores_templates(browse: Browse, cast: Cast, template_id: int) -> None:
    browser, url = browse(cast.ana), f"/templates/{template_id}"
    assert "Opening copy" in browser.get(browser.post(f"{url}/copy").headers["Location"]).text
    browser.post(f"{url}/archive")
    assert f'href="{url}"' not in browser.get("/templates").text
    assert f'href="{url}"' in browser.get("/templates?archived=1").text
    browser.post(f"{url}/restore")
    assert f'href="{url}"' in browser.get("/templates").text


def test_it_hides_templates_of_another_team(browse: Browse, cast: Cast, template_id: int) -> None:
    stranger, url = browse(cast.dirk), f"/templates/{template_id}"
    assert stranger.get(url).status_code == 404
    for path in ("", "/copy", "/archive", "/restore", "/versions/1/bring-back"):
        assert stranger.post(url + path, TYPED).status_code == 404


def test_it_makes_a_template_private(browse: Browse, work: Work, cast: Cast, template_id: int) -> None:
    browse(cast.ana).post(f"/templates/{template_id}", {k: v for k, v in TYPED.items() if k != "shared"})
    assert browse(cast.ben).get(f"/templates/{template_id}").status_code == 404
    with work() as uow:
        assert uow.session.scalars(sa.select(Template.shared)).all() == [False]


def test_it_shows_what_a_follow_up_answers(
    browse: Browse, work: Work, cast: Cast, campaign: tuple[str, str, str]
) -> None:
    url, mail, _ = campaign
    campaign_id = int(url.rpartition("/")[2])
    with work() as uow:
        words = StepWords(subject="Routes, {{ company }}", html="<p>Hi</p>")
        editing.write_step(uow, cast.ana, campaign_id, mail, words)
        second = editing.add_step(uow, cast.ana, campaign_id, StepKind.EMAIL, 1).key
        choice = SendChoice(SendOption.TASK, follow_up=True)
        editing.choose_send(uow, cast.ana, campaign_id, second, choice)
    browser = browse(cast.ana)
    shown = browser.get(f"{url}/steps/{second}").text
    assert 'name="answers" value="Re: Routes, {{ company }}"' in shown
    assert "Re: Routes, [company]" in shown
    typed = {"subject": "", "answers": "Re: Routes, {{ company }}", "html": "<p>Hi</p>"}
    assert "Re: Routes, Northwind" in browser.post("/previews", typed).text
