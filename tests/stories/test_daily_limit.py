"""Twelve people and a mailbox that sends five mails a day."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.file import CampaignFile, read_campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.stories.letters import as_foreseen, as_received, letters, words_of
from tests.stories.telling import Story, file_campaign, let_pass, people_of, simulated, work_through
from tests.stories.telling import at as instant

PEOPLE = [{"email": f"person{n:02d}@example.com"} for n in range(12)]
HEAD = (
    "format: sales-campaign/1\nname: Limited\ncategory: Outbound\nsettings: {skip_weekends: true}\nsteps:\n"
)
FIRST = f'  - {{day: 1, type: email, send: choose, subject: One, html: "{words_of(1, 1)}"}}\n'
NEXT = f'  - {{day: 2, type: email, send: same_as_previous, follow_up: true, html: "{words_of(2, 1)}"}}\n'
SAME_DAY = f'  - {{day: 1, type: email, send: at, at: "10:00", subject: Two, html: "{words_of(1, 2)}"}}\n'


@pytest.fixture(autouse=True)
def five_a_day(story: Story) -> None:
    with story.work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=5))


def add_twelve(story: Story, steps: str) -> CampaignFile:
    file = read_campaign(HEAD + steps)
    campaign_id, people = file_campaign(story, file), people_of(story, PEOPLE)
    with story.work() as uow:
        launch(uow, story.cast.ana, Order(campaign_id, people))
    return file


def a_day(story: Story) -> dict[str, int]:
    return dict(Counter(f"{one.at:%a %d}" for one in letters(story.sink)))


def test_it_sends_five_five_and_two(story: Story) -> None:
    foreseen = simulated(story, add_twelve(story, FIRST), PEOPLE, mailbox_limit_per_day=5)
    let_pass(story, days=7)
    assert a_day(story) == {"Mon 30": 5, "Tue 01": 5, "Wed 02": 2}
    assert as_received(story.sink) == as_foreseen(foreseen["entries"])


def test_it_lets_follow_ups_go_before_first_mails(story: Story) -> None:
    foreseen = simulated(story, add_twelve(story, FIRST + NEXT), PEOPLE, mailbox_limit_per_day=5)
    let_pass(story, days=14)
    assert a_day(story) == {"Mon 30": 5, "Tue 01": 5, "Wed 02": 5, "Thu 03": 5, "Fri 04": 2, "Mon 07": 2}
    assert [one.place for one in letters(story.sink)[5:10]] == [(2, 1)] * 5, "Tuesday belongs to follow-ups"
    assert as_received(story.sink) == as_foreseen(foreseen["entries"])


def test_what_has_left_keeps_its_place_of_the_day(story: Story) -> None:
    foreseen = simulated(story, add_twelve(story, FIRST + SAME_DAY + NEXT), PEOPLE, mailbox_limit_per_day=5)
    let_pass(story, days=28)
    assert a_day(story)["Mon 30"] == 5
    assert as_received(story.sink) == as_foreseen(foreseen["entries"])


def test_tasks_and_the_mails_that_reps_send_take_no_place(story: Story) -> None:
    by_hand = f'  - {{day: 1, type: email, send: task, subject: Zero, html: "{words_of(1, 1)}"}}\n'
    later = f'  - {{day: 2, type: email, send: at, at: "09:30", follow_up: true, html: "{words_of(2, 1)}"}}\n'
    foreseen = simulated(story, add_twelve(story, by_hand + later), PEOPLE, mailbox_limit_per_day=5)
    work_through(story, instant("2026-12-08T12:00"))
    assert a_day(story) == {"Mon 30": 12, "Tue 01": 5, "Wed 02": 5, "Thu 03": 2}
    assert as_received(story.sink) == as_foreseen(foreseen["entries"])
