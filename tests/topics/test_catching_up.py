"""After an outage of ours the catch-up is spread, never a burst; what was planned stays as it was planned."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.accounts.models import Instance, Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.explaining.queue_order import gap, spread
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.stops.catching_up import notice_outage, outage_seen
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.outgoing import due_mails
from tests.sink import Sink


def test_the_first_leaves_at_once_after_an_outage_and_the_others_in_their_turn(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    run_until_quiet(room)  # it is at work
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=48))
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(4)]
        launch(uow, cast.ana, Order(campaign.id, people))
    clock.forward(timedelta(hours=3))
    left = []
    for _ in range(4):
        run_until_quiet(room)
        left.append(len(sink.caught))
        clock.forward(timedelta(minutes=10))
    assert left == [1, 2, 3, 4], "48 a day is one in ten minutes of a working day"
    with work() as uow:
        assert len(set(uow.session.scalars(sa.select(Message.due_at)))) == 1


def test_a_mail_that_is_due_now_does_not_wait_behind_an_outage_of_the_past(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        assert notice_outage(uow) == 0 and not outage_seen(uow), "the first sign of life is no outage"
    clock.forward(timedelta(minutes=4))
    with work() as uow:
        assert not outage_seen(uow)
    clock.forward(timedelta(minutes=2))
    with work() as uow:
        assert outage_seen(uow)
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        assert notice_outage(uow) == 0 and not outage_seen(uow)


def test_what_was_put_off_while_the_clock_was_ahead_leaves_once_it_has_come_back(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    """For some minutes it was tomorrow: mails were overdue and got turns of tomorrow. Clock steps: nothing is lost."""
    due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    clock.forward(timedelta(minutes=2))
    with work() as uow:
        tomorrow = uow.now + timedelta(days=1)
        uow.session.execute(sa.update(Instance).values(worked_at=tomorrow))
        uow.session.execute(sa.update(Message).values(act_at=tomorrow, late_at=None))
        third = sa.select(sa.func.max(Message.id)).scalar_subquery()
        asked_to_wait = sa.update(Message).where(Message.id == third)
        uow.session.execute(asked_to_wait.values(reason="paced"))
    run_until_quiet(room)
    clock.forward(timedelta(minutes=5))
    run_until_quiet(room)
    assert {mail.recipients[0] for mail in sink.caught} == {"maria@example.com", "nils@example.com"}
    with work() as uow:
        assert not outage_seen(uow)


@pytest.mark.parametrize(("limit", "seconds"), [(10, 2880), (500, 57.6), (100_000, 15), (0, 28800)])
def test_it_is_never_faster_than_the_mailbox_may_send(limit: int, seconds: float) -> None:
    assert gap(limit).total_seconds() == seconds


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.text(max_size=8)), unique=True, max_size=50), st.randoms()
)
def test_the_order_is_derived_from_enrollment_and_step_however_they_come(
    mails: list[tuple[int, str]], chance: object
) -> None:
    numbered = [(id, occasion, key) for id, (occasion, key) in enumerate(mails)]
    shuffled = list(numbered)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    once, again = (dict(spread(each, timedelta(minutes=1))) for each in (numbered, shuffled))
    assert once == again
    assert sorted(once.values()) == [timedelta(minutes=place) for place in range(len(mails))]
