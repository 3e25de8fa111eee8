"""A day of many mailboxes on which nothing of ours runs for ten minutes, and later for six hours."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import reschedule_many
from sales_campaigns.tasks.models import Task, TaskState
from scheduler.fast_forward import fast_forward
from tests.builders import a_campaign, a_mail
from tests.stories.letters import letters
from tests.stories.telling import Story, jump
from tests.torture.campaign import add_people, own_box

LIMIT = timedelta(hours=4)
SHORT, LONG = timedelta(minutes=10), timedelta(hours=6)
SHORT_AT, LONG_AT = timedelta(hours=4), timedelta(hours=9)
APART = timedelta(seconds=15)  # a mailbox catches up no faster
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("engine", "boxes", "each"),
    [("sqlite", 2, 12), pytest.param("postgresql", 20, 48, marks=pytest.mark.deep)],
    indirect=["engine"],
)
def test_due_mail_leaves_at_once_late_mail_in_its_turn_and_what_is_too_late_is_asked_for(
    boxes: int, each: int, story: Story
) -> None:
    """The rules: a due message starts within 30 s while limits allow; one that is late beyond its limit is not sent
    blindly but becomes a task; catch-up is spread. 0 sent beyond the limit, and nothing lost or twice.
    """
    begun, planned = story.now, spread_over_a_day(story, boxes, each)
    for down_at, down in ((SHORT_AT, SHORT), (LONG_AT, LONG)):
        fast_forward(story.room, story.clock, begun + down_at)
        jump(story, begun + down_at + down)
    fast_forward(story.room, story.clock, begun + DAY)
    back = begun + LONG_AT + LONG
    too_late = {email for email, due in planned.items() if begun + LONG_AT < due < back - LIMIT}
    left = {letter.to: letter.at for letter in letters(story.sink)}
    assert too_late and left.keys() == planned.keys() - too_late
    assert Counter(letter.to for letter in letters(story.sink)).most_common(1)[0][1] == 1
    assert asked_for(story) == len(too_late)
    waited = sorted(left[email] - due for email, due in planned.items() if email in left)
    at_once = [one for one in waited if one <= timedelta(seconds=30)]
    assert waited[0] >= timedelta(0) and len(at_once) >= len(planned) * (DAY - LONG - SHORT) / DAY - boxes
    assert waited[-1] <= LIMIT + APART * each, "what came back in time leaves in its turn"


def spread_over_a_day(story: Story, boxes: int, each: int) -> dict[str, datetime]:
    """Address → when its mail is due: as many from each mailbox at even times of a day and a night."""
    with story.work() as uow:
        campaign = a_campaign(uow, story.cast.ana, [a_mail(uow, 1)], late={"limit": "4h", "then": "ask"})
        people = add_people(uow, story.cast, boxes * each)
        for number in range(boxes):
            ids = people[number * each : (number + 1) * each]
            box = own_box(uow, story.cast, f"rep{number}@north.example", port=story.sink.port)
            launch(uow, story.cast.cleo, Order(campaign.id, ids, mailbox_id=box), limit=each)
        rows = uow.session.execute(sa.select(Message.id, Message.email).order_by(Message.id)).all()
        planned: dict[str, datetime] = {}
        for place in range(each):
            due = uow.now + timedelta(minutes=1) + place * DAY / each
            mine = [row for number, row in enumerate(rows) if number % each == place]
            reschedule_many(uow, [row.id for row in mine], due, due + LIMIT)
            planned |= {row.email: due for row in mine}
        return planned


def asked_for(story: Story) -> int:
    with story.work() as uow:
        open_ones = sa.select(sa.func.count()).select_from(Task).where(Task.state == TaskState.OPEN)
        return uow.session.scalar(open_ones) or 0
