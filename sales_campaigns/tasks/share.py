"""How overdue tasks are shared out over the days to come: so many a day, the urgent ones first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

LONGEST = 366


def working_days(first: date, wanted: int, off: Collection[date]) -> list[date]:
    """The next `wanted` days from `first` on that are no weekend and none of `off`; fewer when a year holds fewer."""
    days = (first + timedelta(days=ahead) for ahead in range(LONGEST))
    found = (day for day in days if day.weekday() < 5 and day not in off)
    return [day for day, _ in zip(found, range(wanted), strict=False)]


def share(number: int, days: Sequence[date], most: int, taken: Mapping[date, int]) -> list[date]:
    """A day for each of `number` tasks in their order, as even as it goes; fewer when the days are full.

    `most` is how many tasks a day may hold, `taken` how many it holds already.
    """
    room = {day: max(most - taken.get(day, 0), 0) for day in days}
    counts = dict(_filled(number, room))
    return [day for day in days for _ in range(counts[day])]


def _filled(number: int, room: Mapping[date, int]) -> Iterator[tuple[date, int]]:
    """What each day takes: an even part of what is left, and what earlier days had no room for."""
    left, days = number, len(room)
    full = sum(room.values())
    for place, (day, space) in enumerate(room.items()):
        full -= space
        even = -(-left // (days - place))
        mine = min(space, max(even, left - full))
        left -= mine
        yield day, mine
