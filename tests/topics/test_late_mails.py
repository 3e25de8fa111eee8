"""Late mail that its campaign asks about: a list, and answers for many at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.late_mails import answer_late, count_late, late_mails
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task, TaskState
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


@pytest.fixture
def asked(work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock) -> list[int]:
    """Six mails of 10:00 that are found at 16:00; the tasks that ask about them."""
    with work() as uow:
        steps = [a_mail(uow, 1, "One", at="10:00"), a_mail(uow, 2, "Two", at="11:00")]
        campaign = a_campaign(uow, cast.ana, steps, late={"limit": "4h", "then": "ask"})
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(6)]
        launch(uow, cast.ana, Order(campaign.id, people))
    clock.forward(timedelta(hours=7))
    run_until_quiet(room)
    assert not sink.caught
    with work() as uow:
        return list(uow.session.scalars(sa.select(Task.id).order_by(Task.id)))


def test_it_gathers_them_in_a_list_of_the_rep(work: Work, cast: Cast, asked: list[int]) -> None:
    with work() as uow:
        assert count_late(uow.session, cast.ana) == 6
        first = late_mails(uow.session, cast.ana)[0]
        assert first.task.name == "Late mail: send it?" and "6 h 00 min late" in first.task.details
        assert count_late(uow.session, cast.ben) == 0
        assert count_late(uow.session, cast.ben, everybody=True) == 6
        assert count_late(uow.session, cast.dirk, everybody=True) == 0


def test_sending_all_spreads_them_over_an_hour_in_an_order_that_is_not_random(
    work: Work, cast: Cast, asked: list[int], room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        assert answer_late(uow, cast.ana, "send", asked) == 6
        waiting = sa.select(Message.act_at).where(Message.state == "pending").order_by(Message.act_at)
        acts = uow.session.scalars(waiting).all()
        assert [(act - uow.now).total_seconds() for act in acts] == [10 + 600 * n for n in range(6)]
        assert count_late(uow.session, cast.ana) == 0
        open_ones = sa.select(sa.func.count()).where(Task.state == TaskState.OPEN)
        assert uow.session.scalar(open_ones) == 0, "the tasks that asked are over"
    fast_forward(room, clock, clock.now() + timedelta(hours=1))
    assert len(sink.caught) == 6
    fast_forward(room, clock, clock.now() + timedelta(days=2))
    assert len(sink.caught) == 12, "and everybody goes on"


def test_the_next_slot_is_its_own_time_of_day_on_the_next_day(
    work: Work, cast: Cast, asked: list[int]
) -> None:
    with work() as uow:
        answer_late(uow, cast.ana, "next_slot", asked[:2])
        dues = uow.session.scalars(sa.select(Message.due_at).where(Message.state == "pending")).all()
        assert [f"{due + timedelta(hours=1):%a %H:%M}" for due in dues] == ["Tue 10:00"] * 2
        assert count_late(uow.session, cast.ana) == 4


def test_skipping_goes_on_with_the_next_step(work: Work, cast: Cast, asked: list[int]) -> None:
    with work() as uow:
        assert answer_late(uow, cast.ana, "skip", asked) == 6
        dues = uow.session.scalars(sa.select(Message.due_at).where(Message.state == "pending")).all()
        assert {f"{due + timedelta(hours=1):%a %H:%M}" for due in dues} == {"Tue 11:00"} and len(dues) == 6


def test_it_is_answered_once_and_by_the_team_only(work: Work, cast: Cast, asked: list[int]) -> None:
    with work() as uow, pytest.raises(IllegalMove, match="None of these"):
        answer_late(uow, cast.dirk, "skip", asked)
    with work() as uow, pytest.raises(Invalid):
        answer_late(uow, cast.ana, "perhaps", asked)
    with work() as uow:
        answer_late(uow, cast.ben, "skip", asked)
        with pytest.raises(IllegalMove, match="None of these"):
            answer_late(uow, cast.ana, "send", asked)
