"""The scheduler was down for six hours; the campaign says what becomes of mail that is four hours late."""

from __future__ import annotations

import pytest

from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.builders import a_campaign, a_mail
from tests.cast import a_person
from tests.stories.letters import letters
from tests.stories.telling import (
    Story,
    at,
    enrollments,
    finish,
    jump,
    let_happen,
    let_pass,
    open_tasks,
)

BACK = at("2026-11-30T16:00")


def two_mails_on_monday_and_tuesday(
    story: Story, then: str, first_at: str = "10:00", limit: str = "4h"
) -> None:
    with story.work() as uow:
        steps = [a_mail(uow, 1, "One", at=first_at), a_mail(uow, 2, "Two", at="11:00")]
        campaign = a_campaign(uow, story.cast.ana, steps, late={"limit": limit, "then": then})
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))


def left(story: Story) -> list[tuple[str, str]]:
    return [(one.subject, f"{one.at:%a %H:%M}") for one in letters(story.sink)]


def test_it_sends_a_late_mail_in_the_next_slot_and_the_rest_slips(story: Story) -> None:
    two_mails_on_monday_and_tuesday(story, "next_slot")
    jump(story, BACK)
    let_happen(story)
    assert not story.sink.caught, "nothing over its limit is sent blindly"
    let_pass(story, days=4)
    assert left(story) == [("One", "Tue 10:00"), ("Two", "Wed 11:00")]


def test_it_waits_for_the_next_slot_also_where_the_mail_was_to_leave_at_once(story: Story) -> None:
    with story.work() as uow:
        campaign = a_campaign(uow, story.cast.ana, [a_mail(uow, 1, "One")])
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))
    jump(story, BACK)
    let_pass(story, days=4)
    assert left(story) == [("One", "Tue 09:00")]


def test_it_takes_the_slot_of_the_same_day_where_that_is_still_to_come(story: Story) -> None:
    two_mails_on_monday_and_tuesday(story, "next_slot", first_at="22:00")
    jump(story, at("2026-12-01T03:00"))
    let_pass(story, days=4)
    assert left(story) == [("One", "Tue 22:00"), ("Two", "Wed 11:00")]


def test_it_skips_a_late_mail_and_goes_on(story: Story) -> None:
    two_mails_on_monday_and_tuesday(story, "skip")
    jump(story, BACK)
    let_pass(story, days=4)
    assert left(story) == [("Two", "Tue 11:00")]
    assert [one.state for one in enrollments(story)] == ["finished"]


def test_it_asks_about_a_late_mail_and_waits_for_the_answer(story: Story) -> None:
    two_mails_on_monday_and_tuesday(story, "ask")
    jump(story, BACK)
    let_pass(story, days=1)
    assert not story.sink.caught
    [task] = open_tasks(story)
    assert "6 h 00 min late" in task.details
    finish(story, task)
    let_pass(story, days=4)
    assert left(story) == [("One", "Tue 16:00"), ("Two", "Wed 11:00")]


def test_it_sends_however_late_where_the_campaign_says_so(story: Story) -> None:
    two_mails_on_monday_and_tuesday(story, "send")
    jump(story, BACK)
    let_pass(story, days=4)
    assert left(story) == [("One", "Mon 16:00"), ("Two", "Tue 11:00")]


@pytest.mark.parametrize("then", ["next_slot", "skip", "ask"])
def test_it_sends_at_once_what_is_late_within_the_limit(story: Story, then: str) -> None:
    two_mails_on_monday_and_tuesday(story, then, limit="8h")
    jump(story, BACK)
    let_pass(story, days=4)
    assert left(story) == [("One", "Mon 16:00"), ("Two", "Tue 11:00")]
