"""Two reps without a mailbox, one relay: each writes to the own people as the own address, and the relay goes away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.going_through import channel_works, confirmed
from sales_campaigns.accounts.channels.keeping import take_away
from sales_campaigns.accounts.channels.models import Channel
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from tests.builders import a_campaign, a_mail
from tests.cast import a_person
from tests.channels import a_channel, verified
from tests.sink import Sink
from tests.stories.letters import letters
from tests.stories.telling import Story, let_pass


@pytest.fixture
def relay() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def channel(story: Story, relay: Sink) -> Channel:
    """Ana and Ben have no mailbox of their own, and have verified their address."""
    with story.work() as uow:
        mine = Mailbox.id.in_([story.cast.ana_box.id, story.cast.ben_box.id])
        uow.session.execute(sa.delete(Mailbox).where(mine))
        channel = a_channel(uow, story.cast.cleo, relay.port, per_day=100)
        for user in (story.cast.ana, story.cast.ben):
            assert confirmed(uow, user, verified(uow, user, channel)) is not None
        return channel


def add_three(story: Story, user: User) -> None:
    """A mail on Monday, and one that follows it up on Tuesday."""
    with story.work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_mail(uow, 2, at="10:00", follow_up=True)]
        campaign = a_campaign(uow, user, steps, f"Of {user.first_name}")
        people = [a_person(uow, user, f"{user.first_name}{n}@example.com".lower()).id for n in range(3)]
        launch(uow, user, Order(campaign.id, people))


def test_each_writes_as_the_own_address_in_thread(story: Story, channel: Channel, relay: Sink) -> None:
    for user in (story.cast.ana, story.cast.ben):
        add_three(story, user)
    let_pass(story, days=3)
    senders = Counter((mail.sender, mail.recipients[0][:3]) for mail in relay.caught)
    assert senders == {("ana@north.example", "ana"): 6, ("ben@north.example", "ben"): 6}
    assert not story.sink.caught
    first = {letter.message_id for letter in letters(relay) if letter.in_reply_to is None}
    answers = [letter.in_reply_to for letter in letters(relay) if letter.in_reply_to is not None]
    assert sorted(answers) == sorted(first)


def test_what_waits_is_held_while_the_channel_is_gone_and_goes_on_with_new_dates(
    story: Story, channel: Channel, relay: Sink
) -> None:
    for user in (story.cast.ana, story.cast.ben):
        add_three(story, user)
    let_pass(story, hours=3)
    assert len(relay.caught) == 6, "Monday's have left"
    with story.work() as uow:
        assert take_away(uow, story.cast.cleo, channel.id) == 2
    let_pass(story, days=2)
    assert len(relay.caught) == 6
    with story.work() as uow:
        assert set(uow.session.scalars(sa.select(Enrollment.state))) == {"held"}
        channel_works(uow, story.cast.cleo, channel.id, None)
    let_pass(story, days=2)
    days = Counter(f"{letter.at:%a}" for letter in letters(relay))
    assert days == {"Mon": 6, "Thu": 6}
