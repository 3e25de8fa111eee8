"""Mails that a rep wrote and gave a time, which passed while their person was paused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.campaigns.planner import Planned, later_day
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.enrollments.models import StepRunState
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import reschedule
from sales_campaigns.messages.states import WAITING
from sales_campaigns.unit_of_work import UnitOfWork


def keep_out_of_the_past(uow: UnitOfWork, ways: Sequence[Way]) -> None:
    """The rule “never in the past” for what was scheduled by hand: the next eligible day at the same time of day."""
    by_id = {id: way for way in ways for id in _written(way)}
    passed = sa.select(Message).where(
        Message.id.in_(by_id), Message.state.in_(WAITING), Message.due_at < uow.now
    )
    for message in uow.session.scalars(passed.order_by(Message.id)).all():
        reschedule(uow, message.id, next_time(by_id[message.id], message.due_at, uow.now))


def next_time(way: Way, passed: datetime, now: datetime) -> datetime:
    """The first day that counts, from today on, on which this time of day is still to come."""
    local = wall_clock(passed, way.enrollment.zone)
    planned = replace(_some(way), at=passed, local=local, own_time=local.time(), moved=())
    yesterday = wall_clock(now, way.enrollment.zone).date() - timedelta(days=1)
    at = later_day(way.outline, way.start, planned, yesterday, "leave").at
    return (
        at
        if at >= now
        else later_day(way.outline, way.start, planned, yesterday + timedelta(days=1), "leave").at
    )


def _written(way: Way) -> list[int]:
    runs = way.runs.values()
    return [run.message_id for run in runs if run.message_id and run.state is StepRunState.TASK_OPEN]


def _some(way: Way) -> Planned:
    """An entry to carry the time: what is open is always ahead."""
    return way.ahead()[0]
