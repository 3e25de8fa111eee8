"""When a series runs: the rules as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.deliveries.recurrence import (
    Every,
    Recurrence,
    instants,
    next_run,
    problems_of,
    runs_between,
)

AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("every", "interval", "first", "expected"),
    [
        # In the gap of 28 March 2027 the clocks go from 02:00 to 03:00: forward by its length.
        (Every.DAYS, 1, "2027-03-27T02:30", ["03-27 01:30", "03-28 01:30", "03-29 00:30"]),
        # On 31 October 2027 there are two 02:30: the first, and only that.
        (Every.DAYS, 1, "2027-10-30T02:30", ["10-30 00:30", "10-31 00:30", "11-01 01:30"]),
        (Every.WEEKS, 2, "2027-03-15T09:00", ["03-15 08:00", "03-29 07:00", "04-12 07:00"]),
        # A month without that day has its last one.
        (Every.MONTHS, 1, "2027-01-31T09:00", ["01-31 08:00", "02-28 08:00", "03-31 07:00"]),
        # Minutes follow elapsed time through the gap: none twice, none left out.
        (Every.MINUTES, 30, "2027-03-28T01:30", ["03-28 00:30", "03-28 01:00", "03-28 01:30"]),
    ],
)
def test_runs_in_utc(every: Every, interval: int, first: str, expected: list[str]) -> None:
    found = islice(instants(Recurrence(every, interval, first, AMSTERDAM)), 3)
    assert [f"{at:%m-%d %H:%M}" for at in found] == expected


def test_it_ends_after_its_last_date_or_its_count() -> None:
    until = Recurrence(Every.DAYS, 1, "2027-01-01T23:30", AMSTERDAM, until="2027-01-04")
    assert len(list(instants(until))) == 4
    assert len(list(instants(Recurrence(Every.WEEKS, 1, "2027-01-01T09:00", AMSTERDAM, runs=52)))) == 52


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"every": Every.MINUTES, "interval": 14}, "interval"),
        ({"interval": 0}, "interval"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"first": "soon"}, "first"),
        ({"first": "2027-01-01T09:00+01:00"}, "first"),
        ({"until": "2026-12-31"}, "until"),
        ({"opens": "10:00", "closes": "08:00"}, "opens"),
        ({"opens": "10:00"}, "opens"),
        ({"every": Every.MONTHS, "nth": 2}, "weekdays"),
        ({"every": Every.MONTHS, "nth": 5, "weekdays": (1,)}, "nth"),
        ({"every": Every.WEEKS, "weekdays": (7,)}, "weekdays"),
        ({"every": Every.MINUTES, "interval": 15}, None),
        ({"opens": "08:00", "closes": "10:00", "until": "2027-01-01"}, None),
    ],
)
def test_what_is_refused(fields: dict[str, object], field: str | None) -> None:
    told = {"every": Every.DAYS, "interval": 1, "first": "2027-01-01T09:00", "zone": AMSTERDAM}
    found = problems_of(Recurrence(**{**told, **fields}))  # type: ignore[arg-type]
    assert set(found) == ({field} if field else set())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # 4 January 2027 is a Monday. Weekly on several weekdays, counted in weeks.
        ({"every": Every.WEEKS, "weekdays": (0, 3)}, ["01-04", "01-07", "01-11", "01-14"]),
        ({"every": Every.WEEKS, "interval": 2, "weekdays": (0, 3)}, ["01-04", "01-07", "01-18", "01-21"]),
        # Monthly on the nth weekday, or the last.
        ({"every": Every.MONTHS, "weekdays": (1,), "nth": 2}, ["01-12", "02-09", "03-09", "04-13"]),
        ({"every": Every.MONTHS, "weekdays": (4,), "nth": -1}, ["01-29", "02-26", "03-26", "04-30"]),
        ({"every": Every.CRON, "cron": "0 9 * * mon-fri"}, ["01-04", "01-05", "01-06", "01-07"]),
        ({"every": Every.CRON, "cron": "0 9 1,15 * *"}, ["01-15", "02-01", "02-15", "03-01"]),
        # Cron's own rule: where both day fields are given, either suffices. 7 is Sunday, as 0 is.
        ({"every": Every.CRON, "cron": "0 9 6 jan 7"}, ["01-06", "01-10", "01-17", "01-24"]),
    ],
)
def test_days_of_the_week_and_cron(fields: dict[str, Any], expected: list[str]) -> None:
    told = {"every": Every.WEEKS, "interval": 1, "first": "2027-01-04T09:00", "zone": AMSTERDAM}
    found = islice(instants(Recurrence(**{**told, **fields})), 4)
    assert [f"{at:%m-%d}" for at in found] == expected


def test_cron_keeps_each_local_time_once_where_the_clocks_change() -> None:
    """In the gap 02:00 and 02:30 are the instants of 03:00 and 03:30; of the two 02:30 in autumn the first counts."""
    half_hours = "*/30 1-3 * * *"
    spring = Recurrence(Every.CRON, 1, "2027-03-28T00:00", AMSTERDAM, cron=half_hours, runs=4)
    assert [f"{at:%H:%M}" for at in instants(spring)] == ["00:00", "00:30", "01:00", "01:30"]
    autumn = Recurrence(Every.CRON, 1, "2027-10-31T00:00", AMSTERDAM, cron=half_hours, runs=6)
    assert [f"{at:%H:%M}" for at in instants(autumn)] == [
        "23:00",
        "23:30",
        "00:00",
        "00:30",
        "02:00",
        "02:30",
    ]


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * *", "five fields"),
        ("0 24 * * *", "is no hour"),
        ("0 9 * * moon", "is no weekday"),
        ("0 9 20-10 * *", "is no range"),
        ("0,10 9 * * *", "at least 15 minutes"),
        ("0,50 * * * *", "at least 15 minutes"),
        ("*/15 * * * *", ""),
        ("5 8-18/2 * 1-6 1-5", ""),
    ],
)
def test_what_a_cron_rule_may_be(cron: str, words: str) -> None:
    found = problems_of(Recurrence(Every.CRON, 1, "2027-01-04T09:00", AMSTERDAM, cron=cron))
    assert words in found.get("cron", "") and bool(found) is bool(words)


@given(
    every=st.sampled_from([Every.MINUTES, Every.DAYS, Every.WEEKS, Every.CRON]),
    interval=st.integers(15, 200),
    days=st.integers(0, 500),
    runs=st.sampled_from([0, 3, 400]),
)
def test_looking_from_a_later_instant_finds_the_same_runs(
    every: Every, interval: int, days: int, runs: int
) -> None:
    """Without counting anew through the years before it."""
    rule = Recurrence(every, interval, "2027-01-04T02:30", AMSTERDAM, runs=runs, cron="30 2 * * *")
    after = datetime(2027, 1, 4, 1, 30, tzinfo=UTC) + timedelta(days=days)
    slowly = next((at for at in instants(rule) if at > after), None)
    assert next_run(rule, after) == slowly
    later = after + timedelta(days=2)
    assert runs_between(rule, after, later) == [
        at for at in takewhile(lambda at: at <= later, instants(rule)) if at > after
    ]
