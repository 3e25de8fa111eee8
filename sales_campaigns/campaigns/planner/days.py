"""Which dates count as days of a campaign, and counting them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from sales_campaigns.campaigns.planner.outline import Calendar

ONE_DAY = timedelta(days=1)


def why_not(calendar: Calendar, day: date) -> str | None:
    """ "weekend" or "holiday" when `day` does not count, else None."""
    if (calendar.skip_weekends and day.weekday() >= 5) or day.weekday() in calendar.free:
        return "weekend"
    return "holiday" if day in calendar.holidays else None


def counts(calendar: Calendar, day: date) -> bool:
    return why_not(calendar, day) is None


def next_day(calendar: Calendar, day: date) -> date:
    """The first date after `day` that counts."""
    day += ONE_DAY
    while not counts(calendar, day):
        day += ONE_DAY
    return day


@lru_cache(maxsize=65536)
def later_by(calendar: Calendar, day: date, counted: int) -> date:
    """The date that is `counted` counted days after `day`."""
    if calendar.every_day_counts:
        return day + timedelta(days=counted)
    for _ in range(counted):
        day = next_day(calendar, day)
    return day


@lru_cache(maxsize=65536)
def counted_between(calendar: Calendar, after: date, until: date) -> int:
    """How many dates count that lie after `after`, up to and including `until`."""
    if calendar.every_day_counts:
        return max(0, (until - after).days)
    return sum(counts(calendar, after + timedelta(days=n)) for n in range(1, (until - after).days + 1))
