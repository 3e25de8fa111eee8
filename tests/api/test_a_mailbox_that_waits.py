"""What programs are told of a mailbox: why nothing leaves from it as long as that is so, and when its day is full."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.api.conftest import Program
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

Programs = Callable[..., Program]


@pytest.mark.parametrize(
    ("ahead", "trouble"), [(timedelta(minutes=5), "421 too many"), (timedelta(seconds=-1), "")]
)
def test_it_says_that_it_waits_until_it_does_no_longer(
    program: Programs, work: Work, cast: Cast, ahead: timedelta, trouble: str
) -> None:
    with work() as uow:
        waits = {"paused_until": machine_now() + ahead, "trouble": "421 too many"}
        uow.session.execute(sa.update(Mailbox).values(**waits))
    told = program(cast.cleo).get("/mailboxes").json["mailboxes"]
    assert {one["trouble"] for one in told} == {trouble}
    assert all((one["paused_until"] is not None) is bool(trouble) for one in told)


@pytest.mark.parametrize(("limit", "full_at"), [(1, 1), (2, None)])
def test_the_calendar_says_which_day_is_full(
    program: Programs, work: Work, cast: Cast, limit: int, full_at: int | None
) -> None:
    """As the page does."""
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com")
        uow.session.execute(sa.update(Mailbox).values(daily_limit=limit))
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, [a_mail(uow, 1)]).id, [maria.id]))
    week: dict[str, Any] = program(cast.ana).get("/calendar").json
    days = next(rep["days"] for rep in week["reps"] if rep["user_id"] == cast.ana.id)
    assert [one["full_at"] for one in days if one["planned"]] == [full_at]
