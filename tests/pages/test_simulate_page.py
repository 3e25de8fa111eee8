"""The page Simulate: the wish as typed, the calendar, the words, and every entry as a file."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.varying import add_variant
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.deliveries.typology.keeping import add_rule
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Group, GroupMember
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
START = "start=2026-11-30T09:00"


@pytest.fixture
def url(work: Work, cast: Cast) -> str:
    with work() as uow:
        steps = [a_mail(uow, 1, at="12:00"), a_call(2), a_mail(uow, 3, at="09:00")]
        return f"/campaigns/{a_campaign(uow, cast.ana, steps).id}/simulate"


def text(browser: Browser, url: str, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_it_shows_the_calendar_of_a_hundred_people_at_once(browse: Browse, cast: Cast, url: str) -> None:
    shown = text(browse(cast.ana), f"{url}?{START}")
    assert "100 of 100 people" in shown and "Nothing holds it up" in shown
    assert "Tue 1 Dec: 0 mails beside 0 others, 100 tasks beside 0 open" in shown


def test_it_names_the_rules_that_it_does_not_count(browse: Browse, work: Work, cast: Cast, url: str) -> None:
    rule = {"kind": "pressure", "messages": "2", "days": "7"}
    with work() as uow:
        add_rule(uow, cast.cleo, {**rule, "name": "Two a week", "scope": "steps"})
        add_rule(uow, cast.cleo, {**rule, "name": "Deliveries", "scope": "deliveries"})
    shown = text(browse(cast.ana), f"{url}?{START}")
    assert "Mails may leave later by “Two a week” of your sending policy" in shown


def test_it_names_the_mailbox_that_holds_people_up(browse: Browse, cast: Cast, url: str) -> None:
    shown = text(browse(cast.ana), f"{url}?{START}&number=200&limit=50")
    assert "Ana’s mailbox: 50 a day, 5 days behind." in shown and "50 mails a day" in shown


def test_it_names_the_tasks_that_hold_people_up(browse: Browse, cast: Cast, url: str) -> None:
    ana = browse(cast.ana)
    saved = ana.post(f"{url}/capacity?{START}&number=40", {"tasks_a_day": "12"})
    assert saved.status_code == 303 and saved.headers["Location"].endswith(
        "?number=40&start=2026-11-30T09%3A00"
    )
    shown = text(ana, f"{url}?{START}&number=40")
    assert "Ana’s calls: 40 on Tue 1 Dec, 12 a day is what can be done; 3 days behind." in shown


def test_it_simulates_a_group_and_says_who_is_left_out(
    work: Work, browse: Browse, cast: Cast, url: str
) -> None:
    with work() as uow:
        group = Group(team_id=cast.ana.team_id, owner_id=cast.ana.id, name="Fair", created_at=uow.now)
        people = [a_person(uow, cast.ana), a_person(uow, cast.ana, "no@example.com")]
        assert people[1].address is not None
        people[1].address.opted_out_at = uow.now
        uow.session.add(group)
        uow.session.flush()
        uow.session.add_all(GroupMember(group_id=group.id, person_id=one.id) for one in people)
    shown = text(browse(cast.ana), f"{url}?{START}&group={group.id}")
    assert "1 of 2 people" in shown and "1 This address has unsubscribed" in shown


def test_it_counts_who_gets_which_variant_and_names_it_in_each_entry(
    work: Work, browse: Browse, cast: Cast, url: str
) -> None:
    """The rule: a variant is stable for each person. What is foreseen is what a launch gives."""
    campaign_id = int(url.split("/")[2])
    with work() as uow:
        step = newest(uow.session, uow.session.get_one(Campaign, campaign_id)).steps[0]
        add_variant(uow, cast.ana, campaign_id, step.key)
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(12)]
    asked = f"?{START}&people={','.join(map(str, ids))}"
    rows = list(csv.DictReader(StringIO(browse(cast.ana).get(f"{url}/entries.csv{asked}").text)))
    foreseen = {row["person"]: row["variant"] for row in rows if row["day"] == "1"}
    assert {row["variant"] for row in rows if row["day"] != "1"} == {""}
    letters = Counter(foreseen.values())
    assert f"Day 1, step 1: A {letters['A']} , B {letters['B']}" in text(browse(cast.ana), url + asked)
    with work() as uow:
        launch(uow, cast.ana, Order(campaign_id, ids))
        sent = uow.session.execute(sa.select(Message.email, Message.variant)).all()
    assert {one.email: one.variant for one in sent} == foreseen and len(letters) == 2


def test_bad_input_is_said_beside_its_field_and_nothing_typed_is_lost(
    browse: Browse, cast: Cast, url: str
) -> None:
    answer = browse(cast.ana).get(f"{url}?start=soon&zone=Mars&number=many&limit=7")
    assert answer.status_code == 422
    for words in (
        "Write a date from 2000",
        "Write a whole number",
        'value="soon"',
        'value="Mars"',
        'value="7"',
    ):
        assert words in answer.text
    assert "no time zone" in text(browse(cast.ana), f"{url}?{START}&zone=Mars", 422)
    refused = browse(cast.ana).post(f"{url}/capacity", {"tasks_a_day": "none"})
    assert refused.status_code == 422 and "from 1 to 1,000" in refused.text


def test_every_entry_can_be_downloaded(browse: Browse, cast: Cast, url: str) -> None:
    ana = browse(cast.ana)
    rows = list(csv.DictReader(StringIO(ana.get(f"{url}/entries.csv?{START}&number=2").text)))
    data: Any = json.loads(ana.get(f"{url}/entries.json?{START}&number=2").text)
    assert len(rows) == len(data["entries"]) == 6
    assert rows[0]["local"] == data["entries"][0]["local"] == "2026-11-30T12:00:00+01:00"
    assert list(data) == [
        "campaign",
        "start",
        "zone",
        "targeted",
        "to_deliver",
        "excluded",
        "entries",
        "finishes",
        "bottleneck",
    ]


def test_a_campaign_without_steps_says_what_to_do(work: Work, browse: Browse, cast: Cast) -> None:
    with work() as uow:
        empty = a_campaign(uow, cast.ana, []).id
    assert "no steps. Add the first one" in text(browse(cast.ana), f"/campaigns/{empty}/simulate")


def test_it_works_without_a_mailbox(work: Work, browse: Browse, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.cleo, [a_call(1)]).id
        assert uow.session.scalar(sa.select(Mailbox).where(Mailbox.user_id == cast.cleo.id)) is None
    assert "no daily limit is counted" in text(browse(cast.cleo), f"/campaigns/{campaign}/simulate?{START}")


def test_the_launch_leads_here_with_its_people(work: Work, browse: Browse, cast: Cast, url: str) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana).id
    ana = browse(cast.ana)
    wizard = ana.get(f"{url.replace('simulate', 'launch')}?people={person}").text
    kept = re.search(r'name="wish" value="([^"]+)"', wizard)
    assert kept is not None
    form = {"at": "people", "to": "check", "wish": kept[1], "person": person}
    assert f"{url}?people={person}" in ana.post(url.replace("simulate", "launch"), form).text
    shown = text(ana, f"{url}?{START}&people={person}")
    assert "1 chosen person" in shown and "1 of 1 people" in shown
