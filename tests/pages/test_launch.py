"""The launch wizard, from the people to the start: nothing typed is lost, and nothing starts twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramping import ramp_mailbox
from sales_campaigns.campaigns.editing import StepWords, write_step
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.campaigns.varying import add_variant
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, Launch, StepRun
from sales_campaigns.enrollments.pausing import pause_campaign
from sales_campaigns.messages.models import Message
from sales_campaigns.people.groups import add_to_group, create_group
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain
from web.pages.campaigns.launch_wish import same_words

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


class Wizard:
    """One visit: each turn sends the form of the page before, with what is typed and the button that is pressed."""

    def __init__(self, browser: Browser, campaign_id: int) -> None:
        self.browser, self.url = browser, f"/campaigns/{campaign_id}/launch"
        self.page: TestResponse | None = None

    def open(self, query: str = "") -> str:
        return self._read(self.browser.get(f"{self.url}{query}"))

    def press(self, to: str = "", *, htmx: bool = False, status: int = 200, **typed: Any) -> str:
        assert self.page is not None
        kept = {name: _hidden(self.page.text, name) for name in ("wish", "at")}
        sent = {**kept, **({"to": to} if to else {}), **typed}
        shown = self._read(self.browser.post(self.url, sent, htmx=htmx))
        assert self.page.status_code == status, shown[:2000]
        return shown

    def _read(self, answer: TestResponse) -> str:
        self.page = answer
        return unescape(answer.text)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def _first(page: str, name: str) -> str:
    """The value of the field of that name as it is shown."""
    found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', page)
    return found[1] if found else ""


@pytest.fixture
def campaign_id(work: Work, cast: Cast) -> int:
    with work() as uow:
        return a_campaign(uow, cast.ana, [a_mail(uow, 1), a_call(2), a_follow_up(uow, 3)]).id


@pytest.fixture
def wizard(browse: Browse, cast: Cast, campaign_id: int) -> Wizard:
    return Wizard(browse(cast.ana), campaign_id)


def people(work: Work, owner: User, number: int, **fields: Any) -> list[int]:
    with work() as uow:
        return [
            a_person(uow, owner, f"p{n}@example.com", last_name=f"Nr {n:02}", **fields).id
            for n in range(number)
        ]


def test_it_starts_the_people_chosen_in_the_list(wizard: Wizard, work: Work, cast: Cast) -> None:
    ids = people(work, cast.ana, 3)
    assert "3 people chosen" in wizard.open(f"?people={','.join(map(str, ids))}")
    assert "Targeted" in wizard.press("check")
    assert "1 of 3" in wizard.press("mails")
    assert "Mon 30 Nov 09:00" in wizard.press("timing")
    assert "Start 3 people" in wizard.press("confirm")
    wizard.press("start", status=303)
    with work() as uow:
        assert sorted(uow.session.scalars(sa.select(Enrollment.person_id))) == ids
    after = wizard.browser.get(wizard.url.replace("launch", "people")).text
    assert "3 people started." in after and "take-back" in after


def test_each_person_is_shown_the_variant_they_will_get(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, key="first")])
        add_variant(uow, cast.ana, campaign.id, "first")
        bold = StepWords("Bold words", "<p>Bold</p>", variant="B")
        write_step(uow, cast.ana, campaign.id, "first", bold)
    ids, wizard = people(work, cast.ana, 5), Wizard(browse(cast.ana), campaign.id)
    wizard.open(f"?people={','.join(map(str, ids))}")
    wizard.press("check")
    page, shown = wizard.press("mails"), list[str]()
    for one in ids:
        subject = _first(page, "subject")
        letter, html = ("B", "<p>Bold</p>") if subject == "Bold words" else ("A", "<p>Hello Maria</p>")
        assert f"gets {letter}. Words for everybody take the place of all of them" in page
        shown.append(letter)
        page = wizard.press(do="next", person=str(one), subject=subject, html=html)
    assert set(shown) == {"A", "B"}
    wizard.press("confirm")
    wizard.press("start", status=303)
    with work() as uow:
        assert uow.session.scalars(sa.select(Message.variant).order_by(Message.person_id)).all() == shown


def test_people_chosen_in_the_list_of_people_are_taken_along(
    browse: Browse, work: Work, cast: Cast, campaign_id: int
) -> None:
    chosen = people(work, cast.ana, 2)
    ana = browse(cast.ana)
    assert "Q4 outreach</option>" in ana.get("/people").text
    typed: dict[str, Any] = {
        "do": "launch",
        "campaign": str(campaign_id),
        "person": [str(one) for one in chosen],
    }
    answer = ana.post("/people/bulk", typed)
    assert "2 people chosen" in ana.get(answer.headers["Location"]).text
    assert ana.post("/people/bulk", {"do": "launch", "person": str(chosen[0])}).status_code == 422


def test_posting_the_last_form_twice_is_one_launch(wizard: Wizard, work: Work, cast: Cast) -> None:
    [one] = people(work, cast.ana, 1)
    wizard.open(f"?people={one}")
    wizard.press("check")
    page = wizard.page
    wizard.press("start", status=303)
    wizard.page = page
    wizard.press("start", status=303)
    with work() as uow:
        assert len(uow.session.scalars(sa.select(Launch.id)).all()) == 1


def test_people_are_found_by_name_taken_from_groups_and_pasted(
    wizard: Wizard, work: Work, cast: Cast
) -> None:
    found, grouped, pasted = people(work, cast.ana, 3)
    with work() as uow:
        group = create_group(uow, cast.ana, "CFOs").id
        add_to_group(uow, cast.ana, group, [grouped])
    wizard.open()
    assert "Nr 00" in wizard.press("people", words="Nr 00")
    assert "1 person chosen" in wizard.press("people", person=str(found))
    assert "2 people chosen" in wizard.press("people", group=str(group))
    assert "3 people chosen" in wizard.press("people", pasted="Some Body <P2@Example.com>, p2@example.com")
    assert "2 people chosen" in wizard.press(remove=str(grouped))
    assert "0 people chosen" in wizard.press(do="clear")
    wizard.press("check", pasted="p2@example.com")
    assert "Start 1 person" in wizard.press("confirm")
    assert pasted


def test_unknown_addresses_are_said_kept_and_made_people_on_request(
    wizard: Wizard, work: Work, cast: Cast
) -> None:
    wizard.open()
    shown = wizard.press("check", status=422, pasted="new@example.com\nnot@@right")
    assert "Nobody of your team has new@example.com. Not an e-mail address: not@@right." in shown
    assert "new@example.com\nnot@@right</textarea>" in shown
    assert "1 person chosen" in wizard.press(do="create", pasted="new@example.com")
    with work() as uow:
        assert uow.session.scalars(sa.select(Person.owner_id)).one() == cast.ana.id


def test_nobody_chosen_is_said_beside_the_form(wizard: Wizard) -> None:
    wizard.open()
    assert "Choose at least one person." in wizard.press("check", status=422)


def test_the_check_counts_and_leads_to_what_mends_it(wizard: Wizard, work: Work, cast: Cast) -> None:
    with work() as uow:
        good = a_person(uow, cast.ana, "a@example.com").id
        nameless = a_person(uow, cast.ana, "b@example.com", first_name="").id
        out = a_person(uow, cast.ana, "c@example.com")
        assert out.address is not None
        out.address.opted_out_at = uow.now
        out_id = out.id
    wizard.open(f"?people={good},{nameless},{out_id}")
    shown = wizard.press("check")
    figures = dict(re.findall(r"<dt>(\w[\w ]+)</dt><dd>(\d+)</dd>", shown))
    assert figures == {"Targeted": "3", "To deliver": "1", "Excluded": "2", "In another campaign": "0"}
    assert "Has no first name." in shown and f'href="/people/{nameless}/edit"' in shown
    assert "has unsubscribed" in shown


def test_people_of_a_colleague_stop_at_the_check_with_words(wizard: Wizard, work: Work, cast: Cast) -> None:
    [one] = people(work, cast.ben, 1)
    wizard.open(f"?people={one}")
    shown = wizard.press("check")
    assert (
        "needs the right “start deliveries”. Who has it: Cleo Martin." in shown
        and "See the first e-mails" not in shown
    )
    wizard.press("start", status=403)


def test_each_person_has_a_mail_of_their_own_to_look_at_and_to_edit(
    wizard: Wizard, work: Work, cast: Cast
) -> None:
    first, second = people(work, cast.ana, 2)
    wizard.open(f"?people={first},{second}")
    wizard.press("check")
    shown = wizard.press("mails")
    assert _first(shown, "subject") == "Quick question, Maria" and "Maria Nr 00" in shown
    own: dict[str, Any] = {"person": str(first), "subject": "Hand-made", "html": "<div>My own words</div>"}
    shown = wizard.press(do="next", **own)
    assert "Maria Nr 01" in shown and "2 of 2" in shown
    untouched: dict[str, Any] = {
        "person": str(second),
        "subject": "Quick question, Maria",
        "html": "<div>Hello Maria</div>",
    }
    shown = wizard.press(do="previous", **untouched)
    assert _first(shown, "subject") == "Hand-made" and "edited by hand" in shown
    wizard.press("timing", **own)
    assert "1 mail was edited by hand." in wizard.press("confirm")
    wizard.press("start", status=303)
    with work() as uow:
        words = uow.session.execute(
            sa.select(Enrollment.edited_subject, Enrollment.edited_html).order_by(Enrollment.id)
        ).all()
        assert [tuple(row) for row in words] == [("Hand-made", "<div>My own words</div>"), (None, None)]


def test_an_edit_for_everybody_never_overwrites_one_by_hand(wizard: Wizard, work: Work, cast: Cast) -> None:
    first, second = people(work, cast.ana, 2)
    wizard.open(f"?people={first},{second}")
    wizard.press("check")
    wizard.press("mails")
    own: dict[str, Any] = {"person": str(first), "subject": "Hand-made", "html": "<p>Mine</p>"}
    shown = wizard.press("mails", **own, subject_all="News, {{ first_name }}", html_all="<p>For all</p>")
    assert _first(shown, "subject") == "Hand-made"
    shown = wizard.press(do="next", **own)
    assert _first(shown, "subject") == "News, Maria" and "edited for everybody" in shown
    shown = wizard.press(do="previous", person=str(second), subject="News, Maria", html="<p>For all</p>")
    shown = wizard.press(do="reset", **own)
    assert _first(shown, "subject") == "News, Maria"


def test_words_that_cannot_be_sent_are_kept_with_the_reason(wizard: Wizard, work: Work, cast: Cast) -> None:
    [one] = people(work, cast.ana, 1)
    wizard.open(f"?people={one}")
    wizard.press("check")
    wizard.press("mails")
    broken: dict[str, Any] = {"person": str(one), "subject": "", "html": "<p>{{ first_name</p>"}
    shown = wizard.press("timing", status=422, **broken)
    assert "Write a subject." in shown and "{{ first_name</p>" in shown
    assert "1 person chosen" in wizard.press("people", **broken), "going back is always possible"
    assert "{{ first_name</p>" in wizard.press("mails"), "and loses nothing"


def test_another_time_replaces_that_of_the_step(wizard: Wizard, work: Work, cast: Cast) -> None:
    [one] = people(work, cast.ana, 1)
    with work() as uow:
        key = _keys(uow)[0]

    def at(written: str) -> dict[str, Any]:
        return {f"at_{key}": written}

    wizard.open(f"?people={one}")
    for step in ("check", "mails", "timing"):
        wizard.press(step)
    later: dict[str, Any] = {f"when_{key}": "later", "zone": "sender"}
    assert "Write a date and a time" in wizard.press("confirm", status=422, **later)
    shown = wizard.press("confirm", status=422, **later, **at("2026-11-29T09:00"))
    assert "has passed. Choose a later time." in shown and _first(shown, f"at_{key}") == "2026-11-29T09:00"
    shown = wizard.press("timing", **later, **at("2026-12-01T15:30"))
    assert "Tue 1 Dec 15:30" in shown
    wizard.press("confirm", **later, **at("2026-12-01T15:30"))
    wizard.press("start", status=303)
    with work() as uow:
        assert f"{uow.session.scalars(sa.select(StepRun.due_at)).one():%d %H:%M}" == "01 14:30"


def _keys(uow: UnitOfWork) -> list[str]:
    from sales_campaigns.campaigns.versions import in_force

    return [step.key for step in in_force(uow.session, uow.session.scalars(sa.select(Campaign)).one()).steps]


def test_a_time_of_the_campaign_is_prefilled_and_kept_unless_it_is_changed(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign_id = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_mail(uow, 2, at="11:00")]).id
        first, second = _keys(uow)
    [one] = people(work, cast.ana, 1)
    wizard = Wizard(browse(cast.ana), campaign_id)
    wizard.open(f"?people={one}")
    wizard.press("check")
    shown = wizard.press("timing")
    assert _first(shown, f"at_{first}") == "2026-11-30T10:00"
    assert _first(shown, f"at_{second}") == "2026-12-01T11:00"
    was: dict[str, Any] = {f"was_{first}": "2026-11-30T10:00", f"was_{second}": "2026-12-01T11:00"}
    typed: dict[str, Any] = {f"at_{first}": "2026-11-30T10:00", f"at_{second}": "2026-12-03T08:15"}
    assert "Thu 3 Dec 08:15" in wizard.press("confirm", **was, **typed)
    wizard.press("start", status=303)
    with work() as uow:
        assert uow.session.scalars(sa.select(Launch.send_at)).one() == {second: "2026-12-03T08:15:00"}


def test_the_earliest_and_the_latest_instant_are_shown_in_their_zones(
    wizard: Wizard, work: Work, cast: Cast
) -> None:
    with work() as uow:
        ids = [
            a_person(uow, cast.ana, f"{zone[:2]}@example.com", first_name=zone[:4], zone=zone).id
            for zone in ("Asia/Tokyo", "America/New_York")
        ]
        key = _keys(uow)[0]
    wizard.open(f"?people={ids[0]},{ids[1]}")
    wizard.press("check")
    wizard.press("timing")
    typed: dict[str, Any] = {"zone": "recipient", f"when_{key}": "later", f"at_{key}": "2026-12-01T09:00"}
    shown = wizard.press("timing", **typed)
    row = shown[shown.index("Dates of every step") :]
    assert re.search(r"Tue 1 Dec 09:00</time><div class=\"sub\">Tokyo", row)
    assert re.search(r"Tue 1 Dec 09:00</time><div class=\"sub\">New York", row)


def test_it_warns_of_what_is_moved_and_of_the_daily_limit(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=2))
        campaign_id = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="08:00")], skip_weekends=True).id
    ids = people(work, cast.ana, 5)
    wizard = Wizard(browse(cast.ana), campaign_id)
    wizard.open(f"?people={','.join(map(str, ids))}")
    wizard.press("check")
    shown = wizard.press("timing")
    assert "The time has passed by then" in shown and "(5 people)" in shown
    assert "sends at most 2 campaign mails a day" in shown
    assert "on 3 days, 2 on Tue 1 Dec, the last 1 on Thu 3 Dec" in shown


def test_it_says_how_few_a_mailbox_sends_that_is_still_getting_known(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """Ramp-up: what a rep sees before the launch is what the ramp lets leave, not the limit behind it."""
    with work() as uow:
        ramp_mailbox(uow, cast.ana, {"ramp_first": "2", "ramp_percent": "100", "ramp_most": "16"})
        campaign_id = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="18:00")]).id
    wizard = Wizard(browse(cast.ana), campaign_id)
    wizard.open(f"?people={','.join(map(str, people(work, cast.ana, 5)))}")
    wizard.press("check")
    shown = wizard.press("timing")
    assert "is getting known: it sends at most 2 campaign mails on Mon 30 Nov, more every day" in shown
    assert "a day from Thu 3 Dec on: the first e-mails leave on 2 days, 2 on Mon 30 Nov, the last 3" in shown


def test_a_campaign_whose_first_mail_is_written_by_hand_says_so(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign_id = a_campaign(uow, cast.ana, [a_mail(uow, 1, send=SendOption.TASK)]).id
    [one] = people(work, cast.ana, 1)
    wizard = Wizard(browse(cast.ana), campaign_id)
    wizard.open(f"?people={one}")
    wizard.press("check")
    assert "you write it when its task opens" in wizard.press("mails")
    wizard.press("timing")
    assert "The first task opens" in wizard.press("confirm")


def test_without_a_mailbox_it_says_where_to_connect_one(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign_id = a_campaign(uow, cast.cleo, [a_mail(uow, 1)]).id
    [one] = people(work, cast.cleo, 1)
    wizard = Wizard(browse(cast.cleo), campaign_id)
    wizard.open(f"?people={one}")
    assert "Connect a mailbox first" in wizard.press("check", status=422)


def test_a_campaign_of_another_team_is_not_there(browse: Browse, cast: Cast, campaign_id: int) -> None:
    assert browse(cast.dirk).get(f"/campaigns/{campaign_id}/launch").status_code == 404
    assert browse(cast.dirk).post(f"/campaigns/{campaign_id}/launch", {"at": "people"}).status_code == 404


def test_a_paused_campaign_takes_nobody(browse: Browse, work: Work, cast: Cast, campaign_id: int) -> None:
    ids = people(work, cast.ana, 1)
    with work() as uow:
        launch(uow, cast.ana, Order(campaign_id, ids))
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
    answer = browse(cast.ana).get(f"/campaigns/{campaign_id}/launch")
    assert answer.status_code == 409 and "it is paused" in answer.text


def test_a_form_of_somebody_else_or_of_nobody_is_refused(
    wizard: Wizard, browse: Browse, work: Work, cast: Cast, campaign_id: int
) -> None:
    wizard.open()
    assert wizard.page is not None
    wish = _hidden(wizard.page.text, "wish")
    for words in (wish, wish[:-1], "", "x.y"):
        answer = browse(cast.ben).post(wizard.url, {"wish": words, "at": "people", "to": "check"})
        assert answer.status_code == 422 and "Begin the launch again" in answer.text


@pytest.mark.parametrize("step", ["people", "check", "mails", "timing", "confirm"])
def test_the_part_is_in_the_whole_page(wizard: Wizard, work: Work, cast: Cast, step: str) -> None:
    ids = people(work, cast.ana, 2)
    wizard.open(f"?people={ids[0]},{ids[1]}")
    before = wizard.page
    part = wizard.press(step, htmx=True)
    wizard.page = before
    whole = wizard.press(step)
    assert "<html" not in part and plain(part) in plain(whole)


def test_the_number_of_queries_does_not_grow_with_the_people(
    wizard: Wizard, work: Work, cast: Cast, queries: Queries
) -> None:
    counts = []
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(50)]
    for chosen in (ids[:5], ids):
        wizard.open(f"?people={','.join(map(str, chosen))}")
        with queries() as seen:
            for step in ("check", "mails", "timing", "confirm"):
                wizard.press(step)
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("<p>Hello <b>you</b></p>", "<div>Hello&nbsp;<strong>you</strong></div>", True),
        ('<a href="https://x.example" style="color:red">x</a>', '<a href="https://x.example">x</a>', True),
        ("<p>Hello</p>", "<p>Hello!</p>", False),
        ("<p>Hello <b>you</b></p>", "<p>Hello you</p>", False),
        ('<a href="https://x.example">x</a>', '<a href="https://y.example">x</a>', False),
    ],
)
def test_it_tells_an_edit_from_what_an_editor_does_by_opening_a_text(
    one: str, other: str, same: bool
) -> None:
    assert same_words(("S", one), ("S ", other)) is same
    assert not same_words(("S", one), ("T", one))
