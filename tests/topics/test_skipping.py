"""A task with `skip_after` is skipped by itself after its days, and the next step follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.pausing import pause_campaign
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work


def test_it_skips_a_task_after_its_days_and_goes_on(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        steps = [a_call(1, "First call", skip_after_days=2), a_call(1, "Second call")]
        campaign = a_campaign(uow, cast.ana, steps)
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    assert states(work) == {"First call": "open"}
    fast_forward(room, clock, clock.now() + timedelta(days=2))
    assert states(work) == {"First call": "skipped", "Second call": "open"}
    with work() as uow:
        first, second = uow.session.scalars(sa.select(StepRun).order_by(StepRun.id))
        assert first.over_at == second.due_at == datetime(2026, 12, 2, 8, 0, tzinfo=UTC)


def states(work: Work) -> dict[str, str]:
    with work() as uow:
        return {task.name: task.state.value for task in uow.session.scalars(sa.select(Task))}


def test_it_skips_nothing_while_the_campaign_is_paused(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        campaign = a_campaign(uow, cast.ana, [a_call(1, "First call", skip_after_days=2)])
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    with work() as uow:
        pause_campaign(uow, cast.ana, uow.session.get_one(Campaign, campaign.id))
    fast_forward(room, clock, clock.now() + timedelta(days=5))
    assert states(work) == {"First call": "open"}
