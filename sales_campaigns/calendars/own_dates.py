"""A team's own holidays as a rule: which dates are added to the public ones of a place, and which are taken out."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class OwnDate(NamedTuple):
    """`free` adds the date to the holidays of `place` (SE, US-CA), otherwise it is a working day there."""

    place: str
    day: date
    free: bool


OwnDates = frozenset[OwnDate]
NONE: OwnDates = frozenset()


def with_own(public: frozenset[date], place: str, own: OwnDates) -> frozenset[date]:
    """The public holidays of `place` as the team keeps them.

    What is said of a country holds for its parts, unless something else is said of that part.
    """
    country = place.partition("-")[0]
    by_day = {one.day: one.free for one in own if one.place == country}
    by_day |= {one.day: one.free for one in own if one.place == place}
    free = {day for day, is_free in by_day.items() if is_free}
    return frozenset((public | free) - (by_day.keys() - free))
