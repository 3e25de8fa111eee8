"""Upkeep of tables and processes: `scheduler once` sees to it; who lets weeks pass in seconds leaves it out."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Bucket
from sales_campaigns.settings import Settings
from scheduler.commands import group
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work


def buckets(work: Work) -> int | None:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count()).select_from(Bucket))


def test_once_does_it_and_time_that_is_let_pass_does_not(work: Work, cast: Cast, room: PostRoom) -> None:
    with work() as uow:
        uow.session.add(Bucket(key="of old", tokens=0.0, filled_at=machine_now() - timedelta(days=9)))
    run_until_quiet(room)
    assert buckets(work) == 1
    settings = Settings(secret_key="only for the tests, and long enough")
    group(settings, room).main(["once"], standalone_mode=False)
    assert buckets(work) == 0
