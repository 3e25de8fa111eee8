"""Advancing: what is due becomes a task or a mail, with the same statements however many people it is due for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.telling import about
from sales_campaigns.reactions import react
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast
from tests.conftest import Work
from tests.torture.campaign import add_people, own_box

Queries = Callable[[], AbstractContextManager[list[str]]]


def launched(uow: UnitOfWork, cast: Cast, people: int, first: str) -> None:
    steps = [a_call(1)] if first == "call" else [a_mail(uow, 1), a_follow_up(uow, 2)]
    campaign = a_campaign(uow, cast.ana, steps)
    order = Order(campaign.id, add_people(uow, cast, people), mailbox_id=own_box(uow, cast))
    launch(uow, cast.cleo, order)


def mails_leave(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Message).values(state=MessageState.SENT, sent_at=uow.now, ended_at=uow.now))
    uow.record_many("message.sent", [about(one) for one in uow.session.scalars(sa.select(Message))])


@pytest.mark.parametrize("people", [2, 12])
def test_tasks_open_with_the_same_statements_however_many(
    work: Work, cast: Cast, queries: Queries, people: int
) -> None:
    with work() as uow:
        launched(uow, cast, people, "call")
    with queries() as seen, work() as uow:
        assert open_due(uow) == people
    assert len(seen) <= 9
    with work() as uow:
        linked = sa.select(sa.func.count(Task.id)).join(StepRun, StepRun.task_id == Task.id)
        assert uow.session.scalar(linked.where(StepRun.id == Task.step_run_id)) == people
        told = sa.select(Activity.task_id).where(Activity.kind == "task.opened")
        assert set(uow.session.scalars(told)) == set(uow.session.scalars(sa.select(Task.id)))


@pytest.mark.parametrize("people", [2, 12])
def test_mails_that_left_end_their_steps_in_one_go_and_the_next_mail_follows(
    work: Work, cast: Cast, queries: Queries, people: int
) -> None:
    with work() as uow:
        launched(uow, cast, people, "mail")
        mails_leave(uow)
    with queries() as seen, work() as uow:
        assert react(uow) == people
    assert len([one for one in seen if not one.startswith("INSERT INTO message")]) <= 35
    with work() as uow:
        ended = sa.select(sa.func.count()).where(
            StepRun.state == StepRunState.DONE, StepRun.sent_at == uow.now
        )
        assert uow.session.scalar(ended) == people
        told = sa.select(sa.func.count()).where(Activity.kind == "step.done")
        assert uow.session.scalar(told) == people
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 2 * people
