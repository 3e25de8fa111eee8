"""A person held by a task, a holiday, the send window and a mailbox's limit: Why? names the one to remove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.keeping_holidays import drop_holiday, keep_holiday
from sales_campaigns.calendars.models import OwnHoliday
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest, save_version
from sales_campaigns.enrollments.changes.changing import change_campaign
from sales_campaigns.enrollments.explaining.why import Explained, why_step
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.limiting import change_limit
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.messages.models import Message
from sales_campaigns.presence import beat
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

OUR_DAY = date(2026, 12, 1)


@dataclass
class Held:
    """Maria's mail is one of Tuesday at 10:00, a day off; of Wednesday, when the window opens at 12:00; Nils has
    Wednesday's only place."""

    work: Work
    cast: Cast
    campaign_id: int
    enrollment_id: int
    key: str

    def why(self) -> Explained:
        with self.work() as uow:
            return why_step(uow.session, self.cast.ana, self.enrollment_id, self.key, uow.now)

    def remove(self, gate: Callable[[UnitOfWork, Held], object]) -> None:
        with self.work() as uow:
            gate(uow, self)

    def dates(self) -> list[datetime]:
        """Of everything that waits."""
        with self.work() as uow:
            return list(uow.session.scalars(sa.select(StepRun.due_at).order_by(StepRun.id)))

    def leaves(self) -> datetime:
        with self.work() as uow:
            mine = Message.enrollment_id == self.enrollment_id
            return uow.session.scalars(sa.select(Message.due_at).where(mine)).one()


@pytest.fixture
def held(work: Work, cast: Cast) -> Held:
    with work() as uow:
        beat(uow.session, "scheduler")
        change_limit(uow, cast.ana, "1")
        keep_holiday(uow, cast.cleo, "SE", OUR_DAY, free=True, name="Our day")
        other = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 3, at="09:00")], "Other")
        launch(uow, cast.ana, Order(other.id, [a_person(uow, cast.ana, "nils@example.com").id]))
        open_due(uow)
        complete_task(uow, cast.ana, uow.session.scalars(sa.select(Task)).one())
        steps = [a_call(1), a_mail(uow, 2, at="10:00")]
        window = {"from": "12:00", "to": "15:00"}
        campaign = a_campaign(uow, cast.ana, steps, holidays="SE", send_window=window)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        open_due(uow)
        mine = sa.select(Enrollment.id).where(Enrollment.campaign_id == campaign.id)
        return Held(work, cast, campaign.id, uow.session.scalars(mine).one(), steps[1].key)


def task(uow: UnitOfWork, held: Held) -> None:
    hers = Task.campaign_id == held.campaign_id
    complete_task(uow, held.cast.ana, uow.session.scalars(sa.select(Task).where(hers)).one())


def holiday(uow: UnitOfWork, held: Held) -> None:
    drop_holiday(uow, held.cast.cleo, uow.session.scalars(sa.select(OwnHoliday.id)).one())


def window(uow: UnitOfWork, held: Held) -> None:
    campaign = uow.session.get_one(Campaign, held.campaign_id)
    save_version(uow, held.cast.ana, campaign, drafts_of(newest(uow.session, campaign)), {"holidays": "SE"})
    change_campaign(uow, held.cast.ana, campaign.id)


def limit(uow: UnitOfWork, held: Held) -> None:
    change_limit(uow, held.cast.ana, "2")


def test_removing_the_gate_that_binds_makes_the_next_moment_the_one_that_was_announced(held: Held) -> None:
    """The rule: exactly one binding reason for every step that waits, and the next moment it can go."""
    trace = held.why().trace
    assert trace.binding is not None and trace.binding.key == "earlier_steps" and trace.at is None
    assert trace.expected is not None and f"{trace.expected:%a %d %H:%M}" == "Thu 03 11:00"
    # The day off stands in its time: days are counted without it.
    held_by = {"earlier_steps", "its_time", "send_window", "daily_limit"}
    assert held_by <= {gate.key for gate in trace.gates}
    held.remove(task)
    assert held.leaves() == trace.expected
    after = held.why().trace
    assert after.binding is not None and after.binding.key == "daily_limit" and after.at == trace.expected
    held.remove(limit)
    assert held.leaves() == after.binding.since


@pytest.mark.parametrize("other", [holiday, window, limit])
def test_removing_any_other_gate_first_moves_nothing(
    held: Held, other: Callable[[UnitOfWork, Held], object]
) -> None:
    before, dates = held.why().trace, held.dates()
    held.remove(other)
    now = held.why().trace
    assert now.binding is not None and before.binding is not None
    assert (now.binding.key, now.moment) == (before.binding.key, before.moment)
    assert held.dates() == dates, "nothing that waits has moved"
    assert now.expected is not None
    held.remove(task)
    assert held.leaves() == now.expected, "and what it announces meanwhile is what comes"
