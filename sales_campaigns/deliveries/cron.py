"""The five fields of cron as a rule of local dates and times: minute, hour, day of the month, month, weekday.

Only the reading of the fields is cron's. The instants follow the house's calendar: each local date and time once, also
where the clocks change, which no cron library keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {
    "month": {name: place for place, name in enumerate(MONTHS, 1)},
    "weekday": {name: place for place, name in enumerate(WEEKDAYS)},
}
LONGEST_LULL = 366 * 8  # days: a 29 February may be eight years away


@dataclass(frozen=True, slots=True)
class Cron:
    """`days` and `weekdays` (0 is Monday) are None where the field is a star: then the other one alone decides."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None

    def falls_on(self, day: date) -> bool:
        """Cron's own rule: where both day fields are given, either suffices."""
        if day.month not in self.months:
            return False
        wanted = [(self.days, day.day), (self.weekdays, day.weekday())]
        asked = [place in allowed for allowed, place in wanted if allowed is not None]
        return any(asked) or not asked

    def walls(self, first: datetime) -> Iterator[datetime]:
        """The local times from `first` on, in order; it ends where no date is left for years."""
        times = [time(hour, minute) for hour in self.hours for minute in self.minutes]
        day, last = first.date(), first.date()
        while day - last < timedelta(days=LONGEST_LULL):
            if self.falls_on(day):
                last = day
                walls = (datetime.combine(day, one) for one in times)
                yield from (wall for wall in walls if wall >= first)
            day += timedelta(days=1)


def read_cron(written: str) -> Cron:
    """Raises ValueError with what cannot be read."""
    parts = written.lower().split()
    if len(parts) != len(FIELDS):
        raise ValueError("Write five fields: minute, hour, day of the month, month, weekday.")
    values = [_values(part, *field) for part, field in zip(parts, FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=None if parts[2] == "*" else frozenset(days),
        months=frozenset(months),
        weekdays=None if parts[4] == "*" else frozenset((day - 1) % 7 for day in weekdays),
    )


def _values(part: str, name: str, least: int, most: int) -> set[int]:
    """Stars, numbers, names, ranges and steps, separated by commas."""
    found: set[int] = set()
    for one in part.split(","):
        span, _, step = one.partition("/")
        low, high = _span(span, name, least, most, stepped=bool(step))
        every = _number(step, name, 1, most) if step else 1
        found |= set(range(low, high + 1, every))
    return found


def _span(span: str, name: str, least: int, most: int, *, stepped: bool) -> tuple[int, int]:
    if span == "*":
        return least, most
    first, dash, last = span.partition("-")
    low = _number(first, name, least, most)
    high = _number(last, name, least, most) if dash else most if stepped else low
    if high < low:
        raise ValueError(f"“{span[:20]}” is no range of the {name}: the smaller one stands first.")
    return low, high


def _number(written: str, name: str, least: int, most: int) -> int:
    known = NAMES.get(name, {}).get(written)
    if known is not None:
        return known
    if written.isascii() and written.isdecimal() and len(written) < 3 and least <= int(written) <= most:
        return int(written)
    raise ValueError(f"“{written[:20]}” is no {name}: {least} to {most}.")
