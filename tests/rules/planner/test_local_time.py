"""Every zone of the database, every change of its clocks, against a resolver that only reads clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sales_campaigns.campaigns.planner.local_time import refuse_unknown_zone, resolve
from sales_campaigns.errors import Invalid
from sales_campaigns.time_zones import zone_names

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
ZONES = sorted(zone_names())
MINUTE = timedelta(minutes=1)


def clock(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def changes(zone: ZoneInfo, first: datetime = FIRST, last: datetime = LAST) -> Iterator[datetime]:
    """The instants at which the clocks jump, found by reading them every six hours and then halving."""
    at, step = first, timedelta(hours=6)
    while at < last:
        if clock(at + step, zone) - clock(at, zone) != step:
            yield _jump_between(at, at + step, zone)
        at += step


def _jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if clock(middle, zone) - clock(before, zone) == middle - before:
            before = middle
        else:
            after = middle
    return after


def oracle(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, read off the clocks, that shows `wall`; else the one that shows it a gap later."""
    guess = wall.replace(tzinfo=UTC)
    instants = [guess + quarter * timedelta(minutes=15) for quarter in range(-15 * 4, 15 * 4 + 1)]
    if shows := [instant for instant in instants if clock(instant, zone) == wall]:
        return shows[0]
    before = [instant for instant in instants if clock(instant, zone) < wall][-1]
    after = next(instant for instant in instants if clock(instant, zone) > wall)
    jump = _jump_between(before, after, zone)
    gap = clock(jump, zone) - clock(jump - timedelta(seconds=1), zone) - timedelta(seconds=1)
    return next(instant for instant in instants if clock(instant, zone) == wall + gap)


def check(name: str) -> None:
    zone = ZoneInfo(name)
    for jump in changes(zone):
        around = clock(jump, zone).replace(minute=0, second=0)
        for quarter in range(-12, 13):
            wall = around + quarter * 15 * MINUTE
            assert resolve(wall, name) == oracle(wall, zone), (name, wall)


@pytest.mark.parametrize(
    "name", ["Europe/Stockholm", "Australia/Lord_Howe", "America/Nuuk", "Africa/Casablanca"]
)
def test_it_agrees_with_the_clocks_of_the_zone_at_every_change(name: str) -> None:
    check(name)


@pytest.mark.deep
@pytest.mark.parametrize("name", ZONES)
def test_it_agrees_with_the_clocks_of_every_zone_at_every_change(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", ZONES)
def test_it_resolves_every_zone_to_a_time_its_clocks_show(name: str) -> None:
    for month in range(1, 13):
        wall = datetime.fromisoformat(f"2028-{month:02}-01T12:00")
        assert clock(resolve(wall, name), ZoneInfo(name)) == wall


@pytest.mark.parametrize(
    ("wall", "zone", "shows"),
    [
        ("2027-03-28T02:30", "Europe/Stockholm", "2027-03-28T03:30"),
        ("2026-09-06T00:00", "America/Santiago", "2026-09-06T01:00"),
        ("2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-04T02:40"),
        ("2011-12-30T09:00", "Pacific/Apia", "2011-12-31T09:00"),
        ("2027-03-27T23:30", "America/Nuuk", "2027-03-28T00:30"),
    ],
)
def test_it_moves_forward_by_the_length_of_the_gap(wall: str, zone: str, shows: str) -> None:
    assert clock(resolve(datetime.fromisoformat(wall), zone), ZoneInfo(zone)) == datetime.fromisoformat(shows)


def test_it_refuses_what_is_no_zone() -> None:
    with pytest.raises(Invalid, match="Mars/Olympus"):
        resolve(datetime.fromisoformat("2026-01-01"), "Mars/Olympus")


@pytest.mark.parametrize("name", ["localtime", "posixrules", "Factory"])
def test_what_names_a_file_of_the_database_and_no_place_is_no_zone(name: str) -> None:
    """The same list is asked by forms, files and commands: none of them takes the clock of whichever machine runs."""
    assert name not in zone_names()
    with pytest.raises(Invalid, match="no time zone"):
        refuse_unknown_zone(name)
