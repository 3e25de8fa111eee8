"""Periods that are compared: whole days, each beside the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LENGTHS = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, directly before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """The midnights around it in this zone."""
        start, end = (
            datetime.combine(day, time(0), ZoneInfo(zone))
            for day in (self.first, self.last + timedelta(days=1))
        )
        return start, end


def last_days(today: date, days: int) -> Period:
    """So many days, today included."""
    return Period(today - timedelta(days=days - 1), today)


def week_before(today: date) -> tuple[Period, Period]:
    """The last whole week, Monday to Sunday, and the one before it."""
    monday = today - timedelta(days=today.weekday() + 7)
    last = Period(monday, monday + timedelta(days=6))
    return last, last.before
