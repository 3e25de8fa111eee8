"""What became of a campaign: counted from the rows, step by step, by version, by weekday and hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.campaigns.drafts import arranged
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest, save_version
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.changes.changing import change_campaign
from sales_campaigns.enrollments.explaining.figures import Figures, figures_of
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


@pytest.fixture
def campaign_id(work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink) -> int:
    """Three people got the mail of day 1 at 12:00; the calls of day 2 are open, one is done."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="12:00"), a_call(2), a_mail(uow, 3, "Again", at="09:00")]
        campaign = a_campaign(uow, cast.ana, steps)
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(3)]
        launch(uow, cast.ana, Order(campaign.id, ids))
    fast_forward(room, clock, datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
    with work() as uow:
        task = uow.session.scalars(sa.select(Task).order_by(Task.id).limit(1)).one()
        complete_task(uow, cast.ana, task)
    return campaign.id


def counted(work: Work, campaign_id: int) -> Figures:
    with work() as uow:
        return figures_of(uow.session, uow.session.get_one(Campaign, campaign_id))


def test_each_step_tells_how_far_people_came(work: Work, campaign_id: int) -> None:
    found = counted(work, campaign_id)
    told = [(one.funnel.reached, one.funnel.waiting, one.funnel.sent, one.funnel.done) for one in found.steps]
    assert told == [(3, 0, 3, 0), (3, 2, 0, 1), (1, 1, 0, 0)]
    assert sum(found.people.values()) == 3


def test_a_reply_counts_once_for_each_person_at_the_step_that_was_answered(
    work: Work, cast: Cast, campaign_id: int
) -> None:
    with work() as uow:
        message = uow.session.scalars(sa.select(Message).where(Message.state == "sent")).first()
        assert message is not None
        for _ in range(2):
            uow.record("reply.received", message_id=message.id, campaign_id=campaign_id)
    found = counted(work, campaign_id)
    assert [one.funnel.replied for one in found.steps] == [1, 0, 0]
    assert found.replies == {(0, 12): 1}, "Monday, 12:00"


def test_hours_are_those_at_the_persons_place(work: Work, campaign_id: int) -> None:
    assert counted(work, campaign_id).hours == {(0, 12): 3}


def test_a_mail_that_bounces_after_it_was_sent_counts_as_failed(work: Work, campaign_id: int) -> None:
    with work() as uow:
        first = sa.select(sa.func.min(Message.id)).scalar_subquery()
        uow.session.execute(sa.update(Message).where(Message.id == first).values(state="failed"))
    assert counted(work, campaign_id).steps[0].funnel.failed == 1


def test_versions_stand_side_by_side(work: Work, cast: Cast, campaign_id: int) -> None:
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        one, call, two = drafts_of(newest(uow.session, campaign))
        save_version(uow, cast.ana, campaign, arranged([one, replace(call, name="Another call"), two]), {})
        change_campaign(uow, cast.ana, campaign_id)
    call_figures = counted(work, campaign_id).steps[1]
    assert {number: funnel.reached for number, funnel in call_figures.versions.items()} == {1: 1, 2: 2}


def test_a_step_that_was_deleted_keeps_its_figures(work: Work, cast: Cast, campaign_id: int) -> None:
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        _, call, two = drafts_of(newest(uow.session, campaign))
        save_version(uow, cast.ana, campaign, arranged([replace(call, day=1), two]), {})
        change_campaign(uow, cast.ana, campaign_id)
    last = counted(work, campaign_id).steps[-1]
    assert (last.step, last.funnel.sent) == (None, 3)


def test_it_costs_the_same_however_many_people_there_are(
    work: Work, cast: Cast, engine: Engine, campaign_id: int
) -> None:
    def queries() -> int:
        seen: list[str] = []

        def note(_c: object, _cur: object, statement: str, *_: object) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        counted(work, campaign_id)
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    before = queries()
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"q{n}@example.com").id for n in range(30)]
        launch(uow, cast.ana, Order(campaign_id, ids))
    assert queries() == before
