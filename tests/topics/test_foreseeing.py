"""Simulating a stored campaign, beside what the mailbox and its rep have before them already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.simulation import utc
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.explaining.history import campaigns_of
from sales_campaigns.enrollments.explaining.why import why_person, why_step
from sales_campaigns.enrollments.foreseeing import Foreseen, Question, foresee_campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.tasks.capacity import capacity_of, choose_capacity
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

Queries = Callable[[], AbstractContextManager[list[str]]]
START = datetime.fromisoformat("2026-11-30T09:00")
TUESDAY = date(2026, 12, 1)


def asked(uow: UnitOfWork, actor: User, campaign: Campaign, **more: Any) -> Foreseen:
    return foresee_campaign(uow, actor, campaign.id, Question(START, "Europe/Stockholm", **more))


def mails_and_a_call(uow: UnitOfWork, cast: Cast) -> Campaign:
    return a_campaign(uow, cast.ana, [a_mail(uow, 1, at="12:00"), a_call(2), a_mail(uow, 3, at="09:00")])


def test_it_shows_mails_and_tasks_of_every_day(work: Work, cast: Cast) -> None:
    with work() as uow:
        found = asked(uow, cast.ana, mails_and_a_call(uow, cast), number=10)
    assert [(day.mails, dict(day.tasks)) for day in found.days] == [
        (10, {}),
        (0, {StepKind.CALL: 10}),
        (10, {}),
    ]
    assert found.simulation.finishes == datetime.fromisoformat("2026-12-02T08:00+00:00")
    assert (found.limit, found.mails_behind, found.tasks_behind) == (500, 0, 0)


def test_it_counts_what_is_scheduled_in_the_mailbox_already(work: Work, cast: Cast) -> None:
    """The rule: the whole calendar for these people, this campaign, these mailboxes, limits."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=2))
        other = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="12:00")], name="Other")
        launch(uow, cast.ana, Order(other.id, [a_person(uow, cast.ana).id]))
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="12:00")])
        found = asked(uow, cast.ana, campaign, number=4)
    assert [(day.others, day.mails) for day in found.days] == [(1, 1), (0, 2), (0, 1)]
    assert found.mails_behind == 2


def test_why_names_the_day_that_the_limit_leaves_to_a_step_that_is_not_ready(
    work: Work, cast: Cast, queries: Queries
) -> None:
    """The rule: previews and simulation call the same planner; what exceeds a daily limit moves to the next day."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
        other = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 3, at="09:00")], name="Other")
        launch(uow, cast.ana, Order(other.id, [a_person(uow, cast.ana, "nils@example.com").id]))
        open_due(uow)
        complete_task(uow, cast.ana, uow.session.scalars(sa.select(Task)).one())
    with work() as uow:
        maria = a_person(uow, cast.ana)
        mails = [a_mail(uow, day, at="10:00") for day in (1, 3, 4)]
        campaign = a_campaign(uow, cast.ana, [mails[0], a_call(2), *mails[1:]])
        found = asked(uow, cast.ana, campaign, person_ids=[maria.id])
        foreseen = [one["at"] for one in found.simulation.entries()]
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
        uow.session.flush()
        with queries() as asked_for:
            steps = why_person(uow.session, maria, uow.now)
        whole, shown = steps[2].trace, campaigns_of(uow.session, maria, uow.now)[0].dates
        [step] = [why_step(uow.session, cast.ana, steps[2].enrollment_id or 0, mails[1].key, uow.now)]
    assert [utc(one.trace.at or one.trace.expected) for one in steps] == foreseen  # type: ignore[arg-type]
    assert [utc(one.at) for one in shown if one.at] == foreseen
    assert [at[8:13] for at in foreseen] == ["30T09", "30T23", "03T09", "04T09"], "the call counts as done"
    assert whole.binding is not None and whole.binding.key == "earlier_steps"
    assert [gate.key for gate in whole.gates if gate.until == whole.expected] == ["daily_limit"]
    assert step.trace == whole
    assert sum("due_at" in one and "count(*)" in one for one in asked_for) == 1


def test_what_it_foresees_is_what_the_launch_plans(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=3))
        campaign = mails_and_a_call(uow, cast)
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(5)]
        found = asked(uow, cast.ana, campaign, person_ids=ids)
        foreseen = {one["person"]: one["at"] for one in found.simulation.entries() if one["day"] == 1}
        launch(uow, cast.ana, Order(campaign.id, ids))
    with work() as uow:
        rows = uow.session.execute(
            sa.select(Enrollment.email, StepRun.due_at).join(StepRun, StepRun.enrollment_id == Enrollment.id)
        )
        assert {email: f"{at:%Y-%m-%dT%H:%M:%SZ}" for email, at in rows} == foreseen


def test_it_says_who_would_be_left_out_and_why(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mails_and_a_call(uow, cast)
        inside = a_person(uow, cast.ana)
        silent = a_person(uow, cast.ana, "no@example.com")
        called = a_person(uow, cast.ana, "", phone="+46 8 1")
        assert silent.address is not None
        silent.address.opted_out_at = uow.now
        launch(uow, cast.ana, Order(campaign.id, [inside.id]))
        found = asked(uow, cast.ana, campaign, person_ids=[inside.id, silent.id, called.id])
    assert found.causes == {"active": 1, "opted_out": 1, "no_address": 1}
    assert [(day.mails, day.new_tasks) for day in found.days] == [(0, 1)], "the call stays"


def test_the_tasks_of_a_rep_are_the_bottleneck_where_more_open_than_are_done_a_day(
    work: Work, cast: Cast
) -> None:
    """The rule: whose task load or mailbox is the bottleneck."""
    with work() as uow:
        choose_capacity(uow, uow.session.get_one(User, cast.ana.id), "12")
    with work() as uow:
        ana = uow.session.get_one(User, cast.ana.id)
        found = asked(uow, ana, mails_and_a_call(uow, cast), number=40)
    assert found.busiest is not None and (found.busiest.date, found.busiest.new_tasks) == (TUESDAY, 40)
    assert found.tasks_behind == 3, "28 are left over, at 12 a day"


def test_the_capacity_is_the_median_of_what_was_done_until_somebody_says_it(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        for back, number in ((3, 2), (4, 9), (5, 4), (40, 99)):
            ended = clock.now() - timedelta(days=back)
            uow.session.add_all(_done(cast, uow.now, ended) for _ in range(number))
    with work() as uow:
        ana = uow.session.get_one(User, cast.ana.id)
        assert capacity_of(uow.session, ana, uow.now).a_day == 4
        assert capacity_of(uow.session, cast.ben, uow.now).a_day is None
        choose_capacity(uow, ana, "30")
        assert capacity_of(uow.session, ana, uow.now).a_day == 30
        choose_capacity(uow, ana, " ")
        assert capacity_of(uow.session, ana, uow.now).measured


def _done(cast: Cast, now: datetime, ended: datetime) -> Task:
    return Task(
        team_id=cast.ana.team_id,
        assignee_id=cast.ana.id,
        kind="call",
        name="Call",
        state="completed",
        due_at=ended,
        created_at=now,
        ended_at=ended,
    )


@pytest.mark.parametrize("written", ["none", "0", "1001", "-3", "١"])
def test_it_refuses_a_capacity_that_cannot_be(work: Work, cast: Cast, written: str) -> None:
    with work() as uow, pytest.raises(Invalid) as refused:
        choose_capacity(uow, cast.ana, written)
    assert list(refused.value.problems) == ["tasks_a_day"]


def test_it_refuses_more_people_than_can_be_added_at_once(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(Invalid, match="10,000"):
        asked(uow, cast.ana, mails_and_a_call(uow, cast), number=10_001)


def test_it_hides_the_campaign_of_another_team(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mails_and_a_call(uow, cast)
        with pytest.raises(NotFound):
            asked(uow, cast.dirk, campaign, number=1)


def test_it_writes_nothing(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = mails_and_a_call(uow, cast)
        uow.session.flush()
        asked(uow, cast.ana, campaign, number=3)
        assert not uow.session.new and not uow.session.dirty
