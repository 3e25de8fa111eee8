"""A team's calendar as a rule: its own dates, and the named schedules that its campaigns pick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from sales_campaigns.calendars.own_dates import NONE, OwnDates

WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Hours:
    """What a named schedule says: the days of the week that count (Monday is 0), and when e-mails may leave.

    `zone` is the zone of whoever is added ("": the sender's), `place` the holidays that are kept ("" is none);
    `opens` and `closes` are given both or neither.
    """

    name: str
    zone: str = ""
    days: frozenset[int] = WEEK
    place: str = ""
    opens: time | None = None
    closes: time | None = None

    @property
    def free(self) -> frozenset[int]:
        return WEEK - self.days


@dataclass(frozen=True, slots=True)
class TeamCalendar:
    dates: OwnDates = NONE
    schedules: frozenset[Hours] = frozenset()

    def hours(self, name: str | None) -> Hours | None:
        """The schedule of this name; None where there is none."""
        return next((hours for hours in self.schedules if hours.name == name), None)


PUBLIC = TeamCalendar()
