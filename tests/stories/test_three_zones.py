"""Three people in three zones, three e-mails, over the last Sunday of October."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.stories.letters import as_foreseen, as_received, letters_to, words_of
from tests.stories.telling import Story, file_campaign, let_pass, people_of, simulated

PEOPLE = [
    {"email": "maria@example.com", "first_name": "Maria", "time_zone": "Europe/Stockholm"},
    {"email": "noah@example.com", "first_name": "Noah", "time_zone": "America/New_York"},
    {"email": "aroha@example.com", "first_name": "Aroha", "time_zone": "Pacific/Auckland"},
]
OUTREACH = f"""
format: sales-campaign/1
name: Over the clock change
category: Outbound
settings: {{timezone: recipient}}
steps:
  - {{day: 1, type: email, send: at, at: "09:30", subject: "Hello {{{{ first_name }}}}", html: "{words_of(1, 1)}"}}
  - {{day: 3, type: email, send: same_as_previous, follow_up: true, html: "{words_of(3, 1)}"}}
  - {{day: 4, type: email, send: at, at: "02:30", follow_up: true, html: "{words_of(4, 1)}"}}
"""


@pytest.fixture
def clock() -> VirtualClock:
    """Thursday 22 October 2026, 08:00 in Stockholm: the clocks go back there on the Sunday."""
    return VirtualClock(datetime(2026, 10, 22, 6, 0, tzinfo=UTC))


def test_it_leaves_in_thread_at_the_instants_that_were_foreseen(story: Story) -> None:
    file = read_campaign(OUTREACH)
    campaign_id, people = file_campaign(story, file), people_of(story, PEOPLE)
    foreseen = simulated(story, file, PEOPLE)
    edited = {people[1]: ("Hello from Ana", "<p>[day 1, step 1] My own words for Noah.</p>")}
    with story.work() as uow:
        launch(uow, story.cast.ana, Order(campaign_id, people, words=edited))
    let_pass(story, days=14)

    assert as_received(story.sink) == as_foreseen(foreseen["entries"])
    for person in PEOPLE:
        first, second, third = letters_to(story.sink, person["email"])
        assert third.references == (first.message_id, second.message_id)
        assert second.references == (first.message_id,) and first.references == ()
        assert second.subject == third.subject == f"Re: {first.subject}"
        assert f"[day 1, step 1] Hello {person['first_name']}." in third.html
        assert "My own words" not in second.html + third.html
    edited_mail = letters_to(story.sink, "noah@example.com")[0]
    assert edited_mail.subject == "Hello from Ana" and "My own words for Noah" in edited_mail.html


def test_it_takes_the_first_of_two_half_past_twos(story: Story) -> None:
    entries = simulated(story, read_campaign(OUTREACH), PEOPLE[:1])["entries"]
    assert [entry["local"] for entry in entries] == [
        "2026-10-22T09:30:00+02:00",
        "2026-10-24T09:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
    ]
