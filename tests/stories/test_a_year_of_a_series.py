"""A series on Sundays at 02:30 in Amsterdam, over the clock changes, kept by three schedulers that know nothing of each
other: two hours of darkness over one run, one run that nobody confirms, and one that is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from integrations.sandbox import SandboxMail
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.feeding import carry_on, due_deliveries
from sales_campaigns.deliveries.inputs import Settings as Sending
from sales_campaigns.deliveries.logs import sending_log
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.pausing import stop
from sales_campaigns.deliveries.recurrence import Every, Recurrence, instants
from sales_campaigns.deliveries.runs import RunOutcome
from sales_campaigns.deliveries.series import RunLine, runs_of, start_series
from sales_campaigns.notices.reading import newest_notices
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.reactions import react
from sales_campaigns.settings import Settings
from scheduler.rehearsing import rehearse
from tests.builders import a_delivery
from tests.cast import a_person
from tests.deliveries import let_jobs_run, said
from tests.outgoing import send
from tests.stories.telling import Story, jump
from web import create_app
from web.pages.desk.alerts import alerts_of_deliveries

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DARK = timedelta(hours=2)


@pytest.mark.parametrize(
    ("first", "weeks", "dark", "unconfirmed", "stopped"),
    [
        # The nights of 28 March 2027, when 02:30 does not exist, and of 31 October, when it is there twice.
        ("2027-03-14", 5, 1, 2, 3),
        ("2027-10-24", 4, 0, 1, 2),
        pytest.param("2026-12-06", 52, 10, 20, 30, marks=pytest.mark.deep),
    ],
)
def test_every_week_has_a_delivery_of_its_own(
    story: Story,
    engine: sa.Engine,
    outside: OutsideWorld,
    tmp_path: Path,
    first: str,
    weeks: int,
    dark: int,
    unconfirmed: int,
    stopped: int,
) -> None:
    """Weekly at 02:30: a year is 52 deliveries with logs of their own; what was missed in the dark is caught up once;
    what nobody confirmed expires with an alert; the next run is on time."""
    app = create_app(_settings(tmp_path), engine, outside, story.clock, partial(rehearse, SandboxMail))
    rule = Recurrence(Every.WEEKS, 1, f"{first}T02:30", "Europe/Amsterdam", runs=weeks)
    planned = list(islice(instants(rule), weeks))
    jump(story, planned[0] - timedelta(days=3))
    series_id = begun(story, rule)
    for week, at in enumerate(planned):
        jump(story, at + (DARK if week == dark else timedelta()))
        three_schedulers(story, together=week % 2 == 0)
        [newest] = runs(story, series_id)[week:]
        assert newest.child is not None and newest.run.due_at == at
        assert newest.run.at == at + (DARK if week == dark else timedelta()), (
            "each on time, but the one in the dark"
        )
        if week == unconfirmed:
            assert reminded(story, planned, week) == [f"“{newest.child.name}” waits for your confirmation"]
            continue
        if week == unconfirmed + 1:
            with app.test_request_context(), story.work() as uow:
                told = [one.words for one in alerts_of_deliveries(uow.session, story.cast.cleo, uow.now)]
            assert any("in time: nothing was sent" in words for words in told)
        with story.work() as uow:
            confirm(uow, story.cast.cleo, newest.child.id, reachable=True)
            if week == stopped:
                stop(uow, story.cast.cleo, newest.child.id)
        three_schedulers(story, together=week % 2 == 1)
    tell_of_all(story, series_id, planned, unconfirmed, stopped)


def tell_of_all(
    story: Story, series_id: int, planned: Sequence[datetime], unconfirmed: int, stopped: int
) -> None:
    lines = runs(story, series_id)
    assert [line.run.outcome for line in lines] == [RunOutcome.MADE] * len(planned)
    assert len({line.run.child_id for line in lines}) == len(planned)
    odd = {unconfirmed: DeliveryState.EXPIRED, stopped: DeliveryState.STOPPED}
    states = [line.child.state for line in lines if line.child]
    assert states == [odd.get(week, DeliveryState.FINISHED) for week in range(len(planned))]
    walls = [at.astimezone(AMSTERDAM).strftime("%H:%M") for at in planned]
    assert set(walls) <= {"02:30", "03:30"} and walls.count("03:30") <= 1
    for week, line in enumerate(lines):
        assert line.child is not None
        with story.work() as uow:
            logged = sending_log(uow.session, uow.session.get_one(Delivery, line.child.id))
        assert len(logged) == (week not in odd), "a log of its own"
    expired = said(story.work, lines[unconfirmed].run.child_id or 0)
    assert expired[-1] == "warning: Nobody confirmed it before the next run was due. Nothing was sent."
    assert len(story.sink.caught) == len(planned) - len(odd)
    with story.work() as uow:
        assert uow.session.get_one(Delivery, series_id).state is DeliveryState.FINISHED


def begun(story: Story, rule: Recurrence) -> int:
    """To one person, asking before each send."""
    with story.work() as uow:
        a_person(uow, story.cast.ana, "maria@example.com")
        made = a_delivery(uow, story.cast.cleo, settings=Sending(validity_hours=24))
        return start_series(uow, story.cast.cleo, made.id, rule, asks=True).id


def three_schedulers(story: Story, *, together: bool) -> None:
    """All that is due now, by three that take turns, or at once; then what is in the outbox leaves."""
    if together:
        with ThreadPoolExecutor(3) as pool:
            start = Barrier(3)
            for one in [pool.submit(_schedule, story, start) for _ in range(3)]:
                one.result()
    else:
        for _scheduler in range(3):
            let_jobs_run(story.work)
    while send(story.room):
        let_jobs_run(story.work)


def _schedule(story: Story, start: Barrier) -> None:
    """What is due is looked up by all of them before any of them has done it."""
    with story.work() as uow:
        due = due_deliveries(uow.session, uow.now)
    start.wait(30)
    while due:
        for delivery_id in due:
            with story.work() as uow:
                carry_on(uow, delivery_id, reachable=True)
        with story.work() as uow:
            due = due_deliveries(uow.session, uow.now)


def reminded(story: Story, planned: Sequence[datetime], week: int) -> list[str]:
    """What Cleo is told a day before the next run is due, and not earlier."""
    for hours in (25, 24):
        jump(story, planned[week + 1] - timedelta(hours=hours))
        let_jobs_run(story.work)
        with story.work() as uow:
            react(uow)
            told = [one.words for one in newest_notices(uow.session, story.cast.cleo)]
        assert bool(told) is (hours == 24)
    return told


def runs(story: Story, series_id: int) -> list[RunLine]:
    """The oldest first."""
    with story.work() as uow:
        return runs_of(uow.session, series_id, limit=1_000)[::-1]


def _settings(folder: Path) -> Settings:
    return Settings(secret_key="only for the tests, and long enough", data_dir=folder)
