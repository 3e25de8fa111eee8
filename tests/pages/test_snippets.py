"""At hand while one writes: snippets, hints, favourites, and keeping words as a template."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.snippets import SnippetDraft, create_snippet
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.messages.models import Message
from sales_campaigns.people.groups import create_group
from tests.builders import a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
BOOKING = SnippetDraft("Booking", "<p>Pick a time: <a href='https://example.com/ana'>here</a></p>")


def test_a_snippet_is_written_found_changed_archived_and_fetched_back(browse: Browse, cast: Cast) -> None:
    browser = browse(cast.ana)
    assert "No snippets yet" in browser.get("/snippets").text
    browser.post("/snippets", {"name": "Booking", "html": BOOKING.html, "shared": "1"})
    found = browser.get("/snippets?search=pick").text
    assert "Booking" in found and "Booking" in browser.get("/snippets?search=pick", htmx=True).text
    browser.post("/snippets/1", {"name": "A time", "html": BOOKING.html})
    assert "A time" in browser.get("/snippets/1").text
    assert browse(cast.ben).get("/snippets/1").status_code == 404
    browser.post("/snippets/1/archive")
    assert "A time" not in plain(browser.get("/snippets", htmx=True).text)
    assert "A time" in browser.get("/snippets?archived=1").text
    browser.post("/snippets/1/restore")
    assert "A time" in browser.get("/snippets").text


def test_a_wrong_one_keeps_what_was_typed(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.ana).post("/snippets", {"name": "", "html": "<p>{{ oh</p>"})
    assert answer.status_code == 422
    assert "Give the snippet a name." in answer.text and "{{ oh" in answer.text and "line 1" in answer.text


def test_every_form_of_a_mail_offers_it_with_its_links(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        create_snippet(uow, cast.ana, BOOKING)
        person_id = a_person(uow, cast.ana).id
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        from sales_campaigns.campaigns.versions import newest

        key = newest(uow.session, campaign).steps[0].key
    for url in ("/templates/new", f"/campaigns/{campaign.id}/steps/{key}", f"/compose?person={person_id}"):
        shown = browse(cast.ana).get(url).text
        assert "data-inserts-html" in shown and "https://example.com/ana" in shown, url


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"subject": "LAST CHANCE"}, "capitals"),
        ({"html": "<p>{{ fist_name }}</p>"}, "No field is called “fist_name”"),
        ({"html": "<p>Hello</p>", "bulk": "1"}, "how to unsubscribe"),
    ],
)
def test_hints_follow_what_is_typed_and_write_nothing(
    typed: dict[str, str], words: str, browse: Browse, cast: Cast
) -> None:
    answer = browse(cast.ana).post("/hints", typed, htmx=True)
    assert answer.status_code == 200 and words in plain(answer.text)


def test_hints_stand_on_the_form_and_stop_nothing(browse: Browse, work: Work, cast: Cast) -> None:
    typed = {"name": "Loud", "subject": "LAST CHANCE FOR YOU", "html": "<p>Hi</p>", "shared": "1"}
    browser = browse(cast.ana)
    assert browser.post("/templates", typed).status_code == 303
    assert "reads as shouting" in browser.get("/templates/1").text


def test_a_snippet_says_where_it_is_used_before_it_is_changed(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        create_snippet(uow, cast.ana, BOOKING)
    ana = browse(cast.ana)
    assert "says these words now" in plain(ana.get("/snippets/1").text)
    ana.post("/templates", {"name": "Opening", "subject": "Hi", "html": BOOKING.html, "shared": "1"})
    assert re.search(r'href="/templates/1">Opening</a>', ana.get("/snippets/1").text)


def test_fields_of_the_team_s_people_are_known(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, custom={"fleet_size": "12"})
    answer = browse(cast.ana).post("/hints", {"html": "<p>{{ fleet_size }}</p>"}, htmx=True)
    assert "fleet_size" not in answer.text


def test_the_words_of_a_step_or_a_mail_become_a_template(browse: Browse, work: Work, cast: Cast) -> None:
    typed = {"subject": "Hi", "html": "<p>Hi</p>", "template_name": "From a step", "template_shared": "1"}
    browser = browse(cast.ana)
    assert "“From a step” is a template now" in browser.post("/templates/words", typed, htmx=True).text
    mine = {**typed, "template_name": "Mine"}
    del mine["template_shared"]
    assert "for you only" in browser.post("/templates/words", mine).text
    with work() as uow:
        template = uow.session.scalars(sa.select(Template).where(Template.name == "From a step")).one()
        assert template.shared and uow.session.get_one(Wording, template.wording_id).html == "<p>Hi</p>"
    refused = browser.post("/templates/words", typed, htmx=True)
    assert refused.status_code == 422 and "has this name" in refused.text


def test_a_favourite_stands_first_where_a_template_is_chosen(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        for name in ("Alpha", "Beta"):
            template = create_template(uow, cast.ana, TemplateDraft(name, "Hi", "<p>Hi</p>", category="Cold"))
        person_id = a_person(uow, cast.ana).id
    browser = browse(cast.ana)
    browser.post(f"/templates/{template.id}/favourite", {"wanted": "1"})
    chosen = plain(browser.get(f"/compose/templates?person={person_id}", htmx=True).text)
    assert chosen.index("Favourites") < chosen.index("Beta") < chosen.index("Cold") < chosen.index("Alpha")
    assert "favourite" in plain(browser.get("/templates", htmx=True).text)
    browser.post(f"/templates/{template.id}/favourite")
    assert "Favourites" not in browser.get(f"/compose/templates?person={person_id}").text


def test_a_mailbox_s_copies_are_kept_and_wrong_ones_stay_to_be_mended(
    browse: Browse, work: Work, cast: Cast
) -> None:
    browser = browse(cast.ana)
    refused = browser.post("/mailbox/copies", {"cc": "boss@", "bcc": "crm@north.example"})
    assert refused.status_code == 422 and 'value="boss@"' in refused.text
    browser.post("/mailbox/copies", {"cc": "", "bcc": "crm@north.example"})
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).bcc == "crm@north.example"
        person_id = a_person(uow, cast.ana).id
    assert "sends a copy to crm@north.example" in plain(browser.get(f"/compose?person={person_id}").text)


def test_the_mail_s_page_says_who_got_no_copy(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        from sales_campaigns.enrollments.launches.launching import Order, launch

        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, cc="boss@north.example")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        message = uow.session.scalars(sa.select(Message)).one()
        message.left_out = [["out@example.com", "This address has unsubscribed and gets no more mail."]]
    shown = plain(browse(cast.ana).get(f"/emails/{message.id}").text)
    assert "boss@north.example" in shown and "out@example.com: This address has unsubscribed" in shown


def test_a_group_says_where_it_is_used(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        group = create_group(uow, cast.ana, "Fair", shared=True)
    browser = browse(cast.ana)
    assert "No delivery goes to it." in plain(browser.get(f"/groups/{group.id}").text)
    with work() as uow:
        delivery = a_delivery(uow, cast.cleo, audience=Audience(groups=(group.id,)))
    assert delivery.name in plain(browser.get(f"/groups/{group.id}").text)


def test_lists_of_snippets_and_choices_need_the_same_queries_for_many(
    browse: Browse, work: Work, cast: Cast, queries: Callable[..., object]
) -> None:
    browser, counts = browse(cast.ana), []
    for round_ in range(2):
        with work() as uow:
            for n in range(1 + 4 * round_):
                create_snippet(uow, cast.ana, SnippetDraft(f"S{round_}{n}", "<p>x</p>"))
                create_template(uow, cast.ana, TemplateDraft(f"T{round_}{n}", "Hi", "<p>Hi</p>"))
        for url in ("/snippets", "/templates", "/templates/new"):
            with queries() as seen:  # type: ignore[attr-defined]
                browser.get(url)
            counts.append(len(seen))
    assert counts[:3] == counts[3:]
