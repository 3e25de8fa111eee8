"""Recurring deliveries: a new delivery at every run, each with its own logs, confirmed by itself or by a person."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.editing import change
from sales_campaigns.deliveries.executions import periods_of, totals_of
from sales_campaigns.deliveries.feeding import carry_on, due_deliveries
from sales_campaigns.deliveries.inputs import Settings, StartBy
from sales_campaigns.deliveries.listing import parent_of
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.pausing import pause, resume, stop
from sales_campaigns.deliveries.recurrence import Every, Recurrence, instants
from sales_campaigns.deliveries.runs import Aggregation, Series
from sales_campaigns.deliveries.series import RunLine, runs_of, start_series
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.notices.reading import newest_notices
from sales_campaigns.reactions import react
from tests.builders import a_delivery, a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, let_jobs_run

BY_ITSELF = Settings(validity_hours=24, start_by=StartBy.NO_ERROR)
BY_PERSON = Settings(validity_hours=24)
EXPIRED, IN_PROGRESS = DeliveryState.EXPIRED, DeliveryState.IN_PROGRESS


@pytest.fixture
def someone(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com")


def a_rule(clock: VirtualClock, **fields: object) -> Recurrence:
    """Every day from tomorrow at nine in Amsterdam, unless told otherwise."""
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    told = {"every": Every.DAYS, "interval": 1, "first": f"{tomorrow}T09:00", "zone": "Europe/Amsterdam"}
    return Recurrence(**{**told, **fields})  # type: ignore[arg-type]


def a_series(work: Work, cast: Cast, rule: Recurrence, settings: Settings = BY_ITSELF, **more: Any) -> int:
    with work() as uow:
        made = a_delivery(uow, cast.cleo, settings=settings)
        return start_series(uow, cast.cleo, made.id, rule, **more).id


def runs(work: Work, series_id: int) -> list[RunLine]:
    """The oldest first."""
    with work() as uow:
        return runs_of(uow.session, series_id, limit=1_000)[::-1]


def outcomes(work: Work, series_id: int) -> list[str]:
    return [line.run.outcome.value for line in runs(work, series_id)]


def go_to(work: Work, clock: VirtualClock, at: datetime) -> None:
    clock.move_to(at)
    let_jobs_run(work)


def planned(rule: Recurrence, number: int) -> Sequence[datetime]:
    return [at for at, _ in zip(instants(rule), range(number), strict=False)]


def finish_child(work: Work, cast: Cast, line: RunLine) -> None:
    """Its mail is not this test's: it is stopped, as its run and not as its series."""
    assert line.child is not None
    with work() as uow:
        stop(uow, cast.cleo, line.child.id)


def test_every_run_makes_a_delivery_of_its_own(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    rule = a_rule(clock, runs=3)
    series_id = a_series(work, cast, rule)
    for at in planned(rule, 3):
        go_to(work, clock, at)
        newest = runs(work, series_id)[-1]
        assert newest.child is not None and newest.child.state is IN_PROGRESS
        assert (newest.targeted, newest.to_deliver) == (1, 1)
        finish_child(work, cast, newest)
    assert outcomes(work, series_id) == ["made"] * 3
    assert len({line.run.child_id for line in runs(work, series_id)}) == 3
    assert delivery(work, series_id).state is DeliveryState.FINISHED


def test_a_run_missed_while_everything_was_down_fires_once(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule)
    third = planned(rule, 3)[2]
    go_to(work, clock, third + timedelta(hours=2))
    assert outcomes(work, series_id) == ["missed", "missed", "made"]
    assert delivery(work, series_id).next_at == planned(rule, 4)[3]


def test_runs_never_overlap(work: Work, cast: Cast, clock: VirtualClock, someone: None) -> None:
    """A run that is due while one is going is skipped and logged."""
    rule = a_rule(clock, every=Every.MINUTES, interval=15)
    series_id = a_series(work, cast, rule)
    for at in planned(rule, 2):
        go_to(work, clock, at)
    assert outcomes(work, series_id) == ["made", "skipped"]
    assert "runs never overlap" in runs(work, series_id)[-1].run.words


def test_no_run_begins_outside_the_permitted_range(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    rule = a_rule(clock, opens="08:00", closes="10:00")
    series_id = a_series(work, cast, rule)
    go_to(work, clock, planned(rule, 1)[0] + timedelta(hours=5))
    assert outcomes(work, series_id) == ["skipped"]
    go_to(work, clock, planned(rule, 2)[1])
    assert outcomes(work, series_id) == ["skipped", "made"]


def test_a_run_that_nobody_confirms_expires_when_the_next_is_due(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    """It never blocks the series."""
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule, BY_PERSON)
    for at in planned(rule, 2):
        go_to(work, clock, at)
    states = [line.child.state for line in runs(work, series_id) if line.child]
    assert states == [EXPIRED, DeliveryState.AWAITING_CONFIRMATION]


def test_stopping_one_run_does_not_stop_the_series(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule)
    go_to(work, clock, planned(rule, 1)[0])
    finish_child(work, cast, runs(work, series_id)[0])
    go_to(work, clock, planned(rule, 2)[1])
    assert outcomes(work, series_id) == ["made", "made"]


def test_a_paused_series_goes_on_with_its_next_run(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule)
    with work() as uow:
        pause(uow, cast.cleo, series_id)
    go_to(work, clock, planned(rule, 2)[1] + timedelta(hours=1))
    with work() as uow:
        resume(uow, cast.cleo, series_id)
    let_jobs_run(work)
    assert outcomes(work, series_id) == []
    go_to(work, clock, planned(rule, 3)[2])
    assert outcomes(work, series_id) == ["made"]


def test_runs_are_grouped_in_the_list_and_in_totals_only(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    """Aggregation period (none, day, week, month, year); each is prepared by itself, the parent shows totals."""
    rule = a_rule(clock, first="2026-12-30T09:00", runs=4)
    series_id = a_series(work, cast, rule, aggregation=Aggregation.MONTH)
    for at in planned(rule, 4):
        go_to(work, clock, at)
        finish_child(work, cast, runs(work, series_id)[-1])
    with work() as uow:
        series = uow.session.get_one(Series, series_id)
        months = periods_of(uow.session, series)
        assert [(str(one.first), one.runs, one.figures.targeted) for one in months] == [
            ("2027-01-01", 2, 2),
            ("2026-12-01", 2, 2),
        ]
        series.aggregation = Aggregation.WEEK
        weeks = [(str(one.first), one.made) for one in periods_of(uow.session, series)]
        assert weeks == [("2026-12-28", 4)], "weeks begin on Monday"
        whole = totals_of(uow.session, uow.session.get_one(Delivery, series_id))
        assert (whole.targeted, whole.to_deliver, whole.cancelled) == (4, 4, 4)


def test_asking_before_each_send_is_offered_without_aggregation_only(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    with pytest.raises(Invalid, match="not confirmed one by one"):
        a_series(work, cast, a_rule(clock), aggregation=Aggregation.WEEK, asks=True)
    asked = a_series(work, cast, a_rule(clock), BY_ITSELF, asks=True)
    unasked = a_series(work, cast, a_rule(clock), BY_PERSON, asks=False)
    go_to(work, clock, planned(a_rule(clock), 1)[0])
    states = [line.child.state for one in (asked, unasked) for line in runs(work, one) if line.child]
    assert states == [DeliveryState.AWAITING_CONFIRMATION, IN_PROGRESS]


def test_whoever_may_confirm_a_run_is_reminded_a_day_before_it_expires(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    """Once, and nobody of those who may not."""
    rule = a_rule(clock, every=Every.WEEKS)
    series_id = a_series(work, cast, rule, BY_PERSON)
    first, second = planned(rule, 2)
    go_to(work, clock, first)
    told = []
    for at in (
        first,
        second - timedelta(hours=25),
        second - timedelta(hours=24),
        second - timedelta(hours=1),
    ):
        go_to(work, clock, max(at, clock.now()))
        with work() as uow:
            react(uow)
            told.append([len(newest_notices(uow.session, one)) for one in (cast.cleo, cast.ana)])
    assert told == [[0, 0], [0, 0], [1, 0], [1, 0]]
    child = runs(work, series_id)[0].child
    assert child is not None
    with work() as uow:
        parent = parent_of(uow.session, child.id)
        assert parent is not None and parent.id == series_id


def test_three_schedulers_at_once_make_one_run(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    """Unique per definition and instant with several schedulers."""
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule)
    clock.move_to(planned(rule, 1)[0])
    together = Barrier(3)

    def schedule() -> bool:
        with work() as uow:
            assert due_deliveries(uow.session, uow.now) == [series_id]
        together.wait(10)
        with work() as uow:
            return carry_on(uow, series_id, reachable=True)

    with ThreadPoolExecutor(3) as schedulers:
        did = [one.result() for one in [schedulers.submit(schedule) for _ in range(3)]]
    assert sorted(did) == [False, False, True]
    assert outcomes(work, series_id) == ["made"]


def test_starting_and_editing_a_series_needs_the_right_to_start(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    with work() as uow:
        ben = uow.session.get_one(type(cast.ben), cast.ben.id)
        ben.can_prepare = True
        made = a_delivery(uow, ben)
        with pytest.raises(NotAllowed, match="start deliveries"):
            start_series(uow, ben, made.id, a_rule(clock))
    series_id = a_series(work, cast, a_rule(clock))
    with work() as uow:
        ben = uow.session.get_one(type(cast.ben), cast.ben.id)
        with pytest.raises(NotAllowed, match="start deliveries"):
            change(uow, ben, series_id, a_wish(uow, ben, name="Other"))


def test_an_edit_is_in_the_next_run(work: Work, cast: Cast, clock: VirtualClock, someone: None) -> None:
    rule = a_rule(clock)
    series_id = a_series(work, cast, rule)
    with work() as uow:
        change(uow, cast.cleo, series_id, a_wish(uow, cast.cleo, name="Newer", settings=BY_ITSELF))
    go_to(work, clock, planned(rule, 1)[0])
    child = runs(work, series_id)[0].child
    assert child is not None and child.name.startswith("Newer, ")


def test_a_rule_without_a_run_left_is_refused(
    work: Work, cast: Cast, clock: VirtualClock, someone: None
) -> None:
    with pytest.raises(Invalid, match="No run is left"):
        a_series(work, cast, a_rule(clock, first="2001-01-01T09:00", runs=3))
    assert datetime(2001, 1, 1, tzinfo=UTC) < clock.now()
