"""Reading enrollments for the planner: flat queries, and the facts as the planner wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


def add(uow: UnitOfWork, cast: Cast, people: int) -> list[int]:
    campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_call(2)])
    ids = [a_person(uow, cast.ana, f"person{n}@example.com").id for n in range(people)]
    launch(uow, cast.ana, Order(campaign.id, ids))
    return list(uow.session.scalars(sa.select(Enrollment.id).order_by(Enrollment.id)))


@pytest.mark.parametrize("people", [2, 40])
def test_it_reads_many_people_with_as_many_queries_as_few(
    uow: UnitOfWork, cast: Cast, engine: Engine, people: int
) -> None:
    ids = add(uow, cast, people)
    uow.session.expunge_all()
    seen: list[str] = []

    def note(*happened: Any) -> None:
        seen.append(happened[2])

    sa.event.listen(engine, "before_cursor_execute", note)
    found = [way.enrollment.id for way in ways_of(uow.session, ids)]
    sa.event.remove(engine, "before_cursor_execute", note)
    assert found == ids and len(seen) <= 11


def test_it_shows_a_mail_that_a_limit_put_off_on_the_day_on_which_it_waits(
    uow: UnitOfWork, cast: Cast
) -> None:
    uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
    ids = add(uow, cast, 3)
    mails = [way.ahead()[0] for way in ways_of(uow.session, ids)]
    assert [f"{mail.local:%a %H:%M}" for mail in mails] == ["Mon 10:00", "Tue 10:00", "Wed 10:00"]
    assert [[move.why for move in mail.moved] for mail in mails] == [[], ["limit"], ["limit"]]


def test_the_rest_of_the_way_moves_with_a_mail_that_a_limit_put_off(uow: UnitOfWork, cast: Cast) -> None:
    uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
    ids = add(uow, cast, 3)
    calls = [way.ahead()[1] for way in ways_of(uow.session, ids)]
    assert [f"{call.local:%a %H:%M}" for call in calls] == ["Tue 00:00", "Wed 00:00", "Thu 00:00"]
