"""When a series runs: the rules as a table."""

from __future__ import annotations

from itertools import islice

import pytest

from sales_campaigns.deliveries.recurrence import Every, Recurrence, instants, problems_of

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
        ({"every": Every.MINUTES, "interval": 15}, None),
        ({"opens": "08:00", "closes": "10:00", "until": "2027-01-01"}, None),
    ],
)
def test_what_is_refused(fields: dict[str, object], field: str | None) -> None:
    told = {"every": Every.DAYS, "interval": 1, "first": "2027-01-01T09:00", "zone": AMSTERDAM}
    found = problems_of(Recurrence(**{**told, **fields}))  # type: ignore[arg-type]
    assert set(found) == ({field} if field else set())
