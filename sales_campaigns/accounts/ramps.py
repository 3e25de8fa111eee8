"""How a new mailbox or relay gets known: it begins with few mails a day and sends more every day. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ramp:
    """`first` mails on the day it `begins`, every day `percent` more than the day before, until it sends `most` a day.

    Days are local dates of the sender.
    """

    first: int
    percent: int
    most: int
    begins: date

    @property
    def ends(self) -> date:
        """The first day that is not held back any more."""
        growth = math.log1p(self.percent / 100)
        return self.begins + timedelta(days=math.ceil(math.log(self.most / self.first) / growth))

    def on(self, day: date) -> int | None:
        """How many mails may leave on `day`; None once the ramp is over."""
        if day >= self.ends:
            return None
        days = max((day - self.begins).days, 0)
        return min(int(self.first * (1 + self.percent / 100) ** days), self.most)

    def within(self, limit: int, day: date) -> int:
        """What is left on `day` of a daily limit."""
        most = self.on(day)
        return limit if most is None else min(limit, most)


class Ramped(Protocol):
    """A mailbox, or a row with these columns of it."""

    @property
    def ramp_first(self) -> int | None: ...

    @property
    def ramp_percent(self) -> int: ...

    @property
    def ramp_most(self) -> int: ...

    @property
    def ramp_begins(self) -> date | None: ...


def ramp_of(box: Ramped) -> Ramp | None:
    """None for a mailbox that is known already."""
    if box.ramp_first is None or box.ramp_begins is None:
        return None
    return Ramp(box.ramp_first, box.ramp_percent, box.ramp_most, box.ramp_begins)


def limit_on(box: Ramped, limit: int, day: date) -> int:
    """How many campaign mails leave on `day`, a local date of the sender: the daily limit, or less on the ramp."""
    ramp = ramp_of(box)
    return max(limit if ramp is None else ramp.within(limit, day), 1)
