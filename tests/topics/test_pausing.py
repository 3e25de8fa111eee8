"""Pausing: nothing leaves and nothing opens; going on leaves nothing in the past and keeps the daily limits."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.pausing import (
    pause_campaign,
    pause_enrollment,
    pause_people,
    resume_campaign,
    resume_enrollment,
    resume_people,
)
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def launched(work: Work, cast: Cast, number: int = 1, *, at: str = "10:00", call: bool = False) -> int:
    """A campaign whose mail of day 1 waits for its time; the id of the campaign."""
    with work() as uow:
        steps = [a_call(2)] if call else []
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at=at), *steps], skip_weekends=True)
        ids = [a_person(uow, cast.ana, f"p{n:02}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign.id, ids))
        return campaign.id


def enrollments(uow: UnitOfWork) -> list[Enrollment]:
    return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def dues(uow: UnitOfWork) -> list[datetime]:
    return list(uow.session.scalars(sa.select(Message.due_at).order_by(Message.id)))


def test_a_paused_campaign_holds_its_mail_and_goes_on_at_the_same_time_of_day(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    campaign_id = launched(work, cast)
    with work() as uow:
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        assert uow.session.get_one(Hold, ("campaign", campaign_id)).stopped
    clock.move_to(MONDAY + timedelta(days=4, hours=2))  # Friday 11:00
    with work() as uow:
        resume_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        assert not uow.session.get_one(Hold, ("campaign", campaign_id)).stopped
        assert dues(uow) == [datetime(2026, 12, 7, 9, 0, tzinfo=UTC)], "Monday 10:00: the weekend is skipped"
        run = uow.session.scalars(sa.select(StepRun)).one()
        assert run.due_at == dues(uow)[0] and run.moved[0]["why"] == "leave"
        assert uow.session.get_one(Campaign, campaign_id).state is CampaignState.ACTIVE


def test_what_is_still_to_come_keeps_its_time(work: Work, cast: Cast, clock: VirtualClock) -> None:
    campaign_id = launched(work, cast)
    before = [datetime(2026, 11, 30, 9, 0, tzinfo=UTC)]
    with work() as uow:
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
    clock.forward(timedelta(minutes=30))
    with work() as uow:
        resume_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        assert dues(uow) == before


def test_no_task_opens_while_it_is_paused(work: Work, cast: Cast, clock: VirtualClock) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        pause_campaign(uow, cast.ana, campaign)
    with work() as uow:
        assert open_due(uow) == 0
        resume_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign.id))
        assert open_due(uow) == 1


def test_what_went_over_the_daily_limit_while_it_stood_still_is_spread_again(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    campaign_id = launched(work, cast, 7)
    with work() as uow:
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        uow.session.execute(sa.update(Mailbox).values(daily_limit=3))
    clock.move_to(MONDAY + timedelta(days=1, hours=4))
    with work() as uow:
        resume_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        assert Counter(due.day for due in dues(uow)) == {2: 3, 3: 3, 4: 1}
        assert {due.hour for due in dues(uow)} == {9}


def test_one_person_stands_still_while_the_others_go_on(work: Work, cast: Cast, clock: VirtualClock) -> None:
    campaign_id = launched(work, cast, 2)
    with work() as uow:
        pause_enrollment(uow, cast.ana, enrollments(uow)[0])
        with pytest.raises(IllegalMove, match="paused"):
            pause_enrollment(uow, cast.ana, enrollments(uow)[0])
    clock.move_to(MONDAY + timedelta(days=1))
    with work() as uow:
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        resume_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign_id))
        first, second = dues(uow)
        assert (first.day, second.day) == (30, 1), "who is paused alone is not moved with the campaign"
        resume_enrollment(uow, cast.ana, enrollments(uow)[0])
        assert [due.day for due in dues(uow)] == [1, 1]


def test_several_are_paused_at_once_and_it_says_how_many(work: Work, cast: Cast) -> None:
    launched(work, cast, 3)
    with work() as uow:
        pause_enrollment(uow, cast.ana, enrollments(uow)[0])
        assert pause_people(uow, cast.ana, enrollments(uow)) == 2
        assert {one.state for one in enrollments(uow)} == {EnrollmentState.PAUSED}
        with pytest.raises(IllegalMove, match="Nobody of these is on the way"):
            pause_people(uow, cast.ana, enrollments(uow))
        assert resume_people(uow, cast.ana, enrollments(uow)[1:]) == 2
        assert [one.state for one in enrollments(uow)] == ["paused", "active", "active"]
        kinds = Counter(uow.session.scalars(sa.select(Activity.kind)))
        assert (kinds["enrollment.paused"], kinds["enrollment.active"]) == (3, 2)


def test_a_mail_that_a_rep_has_scheduled_keeps_its_time_of_day(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """The rep chose Monday 15:00 for it; the person is paused from Monday to Wednesday."""
    with work() as uow:
        written = a_mail(uow, 1, send=SendOption.TASK)
        campaign = a_campaign(uow, cast.ana, [written])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    with work() as uow:
        open_due(uow)
        schedule_by_hand(uow, datetime(2026, 11, 30, 14, 0, tzinfo=UTC))
        pause_enrollment(uow, cast.ana, enrollments(uow)[0])
    clock.move_to(MONDAY + timedelta(days=2))
    with work() as uow:
        resume_enrollment(uow, cast.ana, enrollments(uow)[0])
        assert dues(uow) == [datetime(2026, 12, 2, 14, 0, tzinfo=UTC)]
        pause_enrollment(uow, cast.ana, enrollments(uow)[0])
        resume_enrollment(uow, cast.ana, enrollments(uow)[0])
        assert dues(uow) == [datetime(2026, 12, 2, 14, 0, tzinfo=UTC)], "it is still to come"


def schedule_by_hand(uow: UnitOfWork, at: datetime) -> None:
    """What sending an open e-mail task later leaves behind."""
    from sales_campaigns.deliveries.models import Delivery
    from sales_campaigns.messages.queueing import queue

    run, task = uow.session.scalars(sa.select(StepRun)).one(), uow.session.scalars(sa.select(Task)).one()
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    [run.message_id] = queue(
        uow,
        [
            {
                "team_id": enrollment.team_id,
                "delivery_id": uow.session.scalars(sa.select(Delivery.id)).one(),
                "occasion": enrollment.id,
                "email": enrollment.email,
                "campaign_id": enrollment.campaign_id,
                "enrollment_id": enrollment.id,
                "step_key": run.step_key,
                "person_id": enrollment.person_id,
                "sender_id": enrollment.sender_id,
                "mailbox_id": enrollment.mailbox_id,
                "zone": enrollment.zone,
                "due_at": at,
            }
        ],
    )
    task.message_id = run.message_id


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_going_on_never_leaves_anything_planned_in_the_past(
    work: Work, cast: Cast, data: st.DataObject
) -> None:
    at = data.draw(st.times().map(lambda time: f"{time:%H:%M}"))
    stands_still = timedelta(minutes=data.draw(st.integers(0, 60 * 24 * 9)))
    alone = data.draw(st.booleans())
    start = MONDAY + timedelta(hours=data.draw(st.integers(0, 24 * 7)))
    with work() as uow:
        uow.now = start
        campaign = a_campaign(
            uow,
            cast.ana,
            [a_mail(uow, 1, at=at), a_call(2), a_mail(uow, 2, at=at)],
            skip_weekends=data.draw(st.booleans()),
        )
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        one = uow.session.scalars(sa.select(Enrollment).where(Enrollment.campaign_id == campaign.id)).one()
        if alone:
            pause_enrollment(uow, cast.ana, one)
        else:
            pause_campaign(uow, cast.ana, campaign)
        uow.now = start + stands_still
        if alone:
            resume_enrollment(uow, cast.ana, one)
        else:
            resume_campaign(uow, cast.ana, campaign)
        planned = sa.select(StepRun.due_at, Message.due_at, Message.act_at).outerjoin(
            Message, Message.id == StepRun.message_id
        )
        instants = uow.session.execute(planned.where(StepRun.enrollment_id == one.id)).one()
        assert all(instant >= uow.now for instant in instants)
        uow.session.rollback()
