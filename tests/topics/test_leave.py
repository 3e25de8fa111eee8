"""Leave: what it holds, moves or hands over; before and after the fact; and how everything goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.taking_leave import Absent, cancel_leave, change_leaves, take_leave
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.forecasting import forecast
from sales_campaigns.enrollments.launches.launching import Order, launch, prepare
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.working import remind
from scheduler.fast_forward import fast_forward
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

MONDAY = date(2026, 11, 30)
WEDNESDAY, FRIDAY = date(2026, 12, 2), date(2026, 12, 4)


def launched(work: Work, cast: Cast) -> int:
    """Mails on Monday, Wednesday (a call before it) and Thursday at 10:00 in Stockholm; the campaign's id."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(3), a_mail(uow, 4, at="10:00")]
        campaign = a_campaign(uow, cast.ana, steps, skip_weekends=True)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        return campaign.id


def away(work: Work, cast: Cast, how: LeaveKind, first: date = MONDAY, last: date = WEDNESDAY) -> int:
    colleague = cast.ben if how is LeaveKind.HAND_OVER else None
    with work() as uow:
        return take_leave(uow, cast.ana, Absent(cast.ana, first, last, how, colleague)).id


def due(work: Work) -> list[str]:
    """The instants of what has a run, in Stockholm."""
    with work() as uow:
        runs = uow.session.scalars(sa.select(StepRun).order_by(StepRun.id))
        return [f"{run.due_at + timedelta(hours=1):%a %H:%M}" for run in runs]


def test_a_shift_moves_what_waits_past_the_leave_before_it_happens(work: Work, cast: Cast) -> None:
    launched(work, cast)
    away(work, cast, LeaveKind.SHIFT)
    assert due(work) == ["Thu 10:00"]
    with work() as uow:
        run = uow.session.scalars(sa.select(StepRun)).one()
        assert [move["why"] for move in run.moved] == ["leave"]
        assert uow.session.scalars(sa.select(Message.due_at)).one() == run.due_at


def test_the_launch_page_goes_around_a_leave_that_is_still_to_come(work: Work, cast: Cast) -> None:
    away(work, cast, LeaveKind.SHIFT, WEDNESDAY, FRIDAY)
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(3), a_mail(uow, 4, at="10:00")]
        campaign = a_campaign(uow, cast.ana, steps, skip_weekends=True)
        order = Order(campaign.id, [a_person(uow, cast.ana).id])
        seen = forecast(uow.session, cast.ana, prepare(uow, cast.ana, order), order, uow.now)
        first = [step.first.at.astimezone(UTC) for step in seen.steps if step.first]
        assert [f"{at + timedelta(hours=1):%a %H:%M}" for at in first] == [
            "Mon 10:00",
            "Mon 00:00",
            "Tue 10:00",
        ]
        assert any("leave" in words for words in seen.steps[1].moves), "and says why"


def test_what_a_leave_has_moved_stays_there_once_it_is_over(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    launched(work, cast)
    away(work, cast, LeaveKind.SHIFT)
    clock.move_to(datetime(2026, 12, 3, 8, 59, tzinfo=UTC))
    with work() as uow:
        assert change_leaves(uow) == 1, "a leave ends by itself"
        assert uow.session.scalars(sa.select(Leave.state)).one() is LeaveState.OVER
    assert due(work) == ["Thu 10:00"], "and what it moved stays where it was put"


def test_cancelling_a_shift_brings_the_dates_back(work: Work, cast: Cast) -> None:
    launched(work, cast)
    leave = away(work, cast, LeaveKind.SHIFT, date(2026, 11, 30), FRIDAY)
    assert due(work) == ["Mon 10:00"] and _day(work) == 7
    with work() as uow:
        cancel_leave(uow, cast.ana, leave)
    assert _day(work) == 30


def test_a_shift_that_ends_early_brings_back_what_is_still_to_come(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast)
    leave = away(work, cast, LeaveKind.SHIFT, MONDAY, FRIDAY)
    clock.move_to(datetime(2026, 12, 1, 12, tzinfo=UTC))
    with work() as uow:
        cancel_leave(uow, cast.ana, leave)
    assert due(work) == ["Wed 10:00"], "never in the past: the next day at its own time"


def _day(work: Work) -> int:
    with work() as uow:
        return uow.session.scalars(sa.select(StepRun.due_at)).one().day


def test_a_pause_holds_every_mail_of_the_sender_by_one_row(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast)
    away(work, cast, LeaveKind.PAUSE, MONDAY, WEDNESDAY)
    with work() as uow:
        hold = uow.session.get_one(Hold, ("sender", cast.ana.id))
        assert hold.stopped and hold.why == "Ana Lind is on leave until Wed 2 Dec"
    clock.move_to(datetime(2026, 11, 30, 10, 0, tzinfo=UTC))
    with work() as uow:
        assert mailboxes_with_due_mail(uow.session, uow.now) == []
    assert due(work) == ["Mon 10:00"], "dates move when it goes on"
    clock.move_to(datetime(2026, 12, 2, 23, 0, tzinfo=UTC))  # midnight in Stockholm
    with work() as uow:
        change_leaves(uow)
    assert due(work) == ["Thu 10:00"], "never in the past"


def test_a_leave_begins_and_ends_at_midnight_of_the_user(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    away(work, cast, LeaveKind.PAUSE, WEDNESDAY, WEDNESDAY)
    seen = []
    for hours in (38, 39, 62, 63):  # after Monday 09:00
        fast_forward(room, clock, datetime(2026, 11, 30, 8, tzinfo=UTC) + timedelta(hours=hours))
        with work() as uow:
            seen.append(uow.session.get_one(Hold, ("sender", cast.ana.id)).stopped)
    assert seen == [False, True, True, False]


def test_a_colleague_does_the_tasks_and_gives_back_what_is_still_open(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        mine = remind(uow, cast.ana, name="Before it is over", due_at=uow.now + timedelta(days=1)).id
        later = remind(uow, cast.ana, name="Later", due_at=uow.now + timedelta(days=20)).id
    away(work, cast, LeaveKind.HAND_OVER)
    with work() as uow:
        assert uow.session.get_one(Task, mine).assignee_id == cast.ben.id
        assert uow.session.get_one(Task, later).assignee_id == cast.ana.id, "due when she is back"
        open_due(uow)
        opened = uow.session.scalars(sa.select(Task).where(Task.source == "campaign")).one()
        assert (opened.assignee_id, opened.lent_by_id) == (cast.ben.id, cast.ana.id)
        assert not uow.session.get_one(Hold, ("sender", cast.ana.id)).stopped, "mail leaves as planned"
    clock.move_to(datetime(2026, 12, 2, 23, 0, tzinfo=UTC))
    with work() as uow:
        change_leaves(uow)
        assert set(uow.session.scalars(sa.select(Task.assignee_id))) == {cast.ana.id}
        assert set(uow.session.scalars(sa.select(Task.lent_by_id))) == {None}


def test_it_may_be_entered_after_it_has_begun_but_not_when_it_is_over(work: Work, cast: Cast) -> None:
    yesterday = MONDAY - timedelta(days=1)
    assert away(work, cast, LeaveKind.PAUSE, yesterday, FRIDAY)
    with work() as uow:
        assert uow.session.scalars(sa.select(Leave.state)).one() is LeaveState.CURRENT
    with work() as uow, pytest.raises(Invalid) as refusal:
        take_leave(uow, cast.ben, Absent(cast.ben, yesterday, yesterday, LeaveKind.PAUSE))
    assert "over already" in refusal.value.problems["last_day"]


def test_it_refuses_leave_that_overlaps_with_words(work: Work, cast: Cast) -> None:
    away(work, cast, LeaveKind.SHIFT, MONDAY, WEDNESDAY)
    with work() as uow, pytest.raises(Invalid) as refusal:
        take_leave(uow, cast.ana, Absent(cast.ana, WEDNESDAY, FRIDAY, LeaveKind.PAUSE))
    assert refusal.value.problems["first_day"].startswith(
        "There is a leave from Mon 30 Nov to Wed 2 Dec already."
    )


@pytest.mark.parametrize("who", ["nobody", "dirk", "ana"])
def test_somebody_else_of_the_team_stands_in(work: Work, cast: Cast, who: str) -> None:
    colleague = getattr(cast, who, None)
    with work() as uow, pytest.raises(Invalid) as refusal:
        take_leave(uow, cast.ana, Absent(cast.ana, MONDAY, FRIDAY, LeaveKind.HAND_OVER, colleague))
    assert "colleague" in refusal.value.problems


def test_one_enters_ones_own_leave_and_an_administrator_that_of_others(work: Work, cast: Cast) -> None:
    absent = Absent(cast.ana, MONDAY, FRIDAY, LeaveKind.SHIFT)
    with work() as uow, pytest.raises(NotAllowed):
        take_leave(uow, cast.ben, absent)
    with work() as uow:
        leave = take_leave(uow, cast.cleo, absent).id
    with work() as uow, pytest.raises(NotAllowed):
        cancel_leave(uow, cast.ben, leave)
    with work() as uow, pytest.raises(NotFound):
        cancel_leave(uow, cast.dirk, leave)
    with work() as uow:
        cancel_leave(uow, cast.ana, leave)
        with pytest.raises(IllegalMove, match="it was cancelled"):
            cancel_leave(uow, cast.ana, leave)
