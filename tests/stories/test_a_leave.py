"""Ana is away from Tuesday to Thursday: what her people get, by what she chose."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sales_campaigns.absence.taking_leave import Absent, take_leave
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import a_person
from tests.stories.letters import letters
from tests.stories.telling import Story, let_pass

TUESDAY, THURSDAY = date(2026, 12, 1), date(2026, 12, 3)


@pytest.mark.parametrize("after_days", [0, 1], ids=["before the fact", "after the fact"])
@pytest.mark.parametrize(
    ("how", "left"),
    [
        (LeaveKind.SHIFT, ["Mon 10:00", "Fri 10:00", "Mon 10:00"]),
        (LeaveKind.PAUSE, ["Mon 10:00", "Fri 10:00", "Mon 10:00"]),
        (LeaveKind.HAND_OVER, ["Mon 10:00", "Wed 10:00", "Thu 10:00"]),
    ],
)
def test_gaps_stay_and_nothing_leaves_in_the_name_of_who_wanted_it_to_wait(
    story: Story, how: LeaveKind, left: list[str], after_days: int
) -> None:
    with story.work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_follow_up(uow, 3), a_follow_up(uow, 4)]
        campaign = a_campaign(uow, story.cast.ana, steps, skip_weekends=True)
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))
    let_pass(story, days=after_days)
    with story.work() as uow:
        colleague = story.cast.ben if how is LeaveKind.HAND_OVER else None
        take_leave(uow, story.cast.ana, Absent(story.cast.ana, TUESDAY, THURSDAY, how, colleague))
    let_pass(story, days=14)
    sent = letters(story.sink)
    assert [f"{one.at:%a %H:%M}" for one in sent] == left
    assert {one.at.utcoffset() for one in sent} == {timedelta(hours=1)}
