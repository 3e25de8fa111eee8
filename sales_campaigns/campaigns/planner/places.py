"""The places of a day: so many mails may leave from a mailbox, and better ones push out those still to come.

The rule: what exceeds a daily limit moves to the next eligible day at its own time of day and competes there with
that day's own. Where a limit binds, the order is planned local date, later steps before first ones, instant,
address. What has left, or whose instant has come, keeps its place.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from sales_campaigns.campaigns.planner.placing import Planned

Rank = tuple[bool, datetime, str, int]


@dataclass(slots=True, eq=False)
class Seeker:
    """A mail that seeks a place: `own` is where it belongs, `entry` where it stands now."""

    who: str
    own: Planned
    entry: Planned

    @property
    def rank(self) -> Rank:
        """Later steps before first ones, then instant, then address."""
        return self.entry.index == 0, self.entry.at, self.who, self.entry.index


Mail = TypeVar("Mail", bound=Seeker)


@dataclass(slots=True)
class Places(Generic[Mail]):
    """One day of one mailbox. `waiting` are those who may still be pushed out, best first."""

    limit: int
    taken: int = 0
    waiting: list[tuple[Rank, Mail]] = field(default_factory=list)

    def give(self, mail: Mail, now: datetime) -> Mail | None:
        """Who goes without a place: nobody, a mail that ranks behind this one, or this one."""
        if self.taken < self.limit:
            self.taken += 1
            insort(self.waiting, (mail.rank, mail))  # ranks differ, so mails are never compared
            return None
        last = self._last_to_come(now)
        if last is None or last[0] < mail.rank:
            return mail
        self.waiting.pop()
        insort(self.waiting, (mail.rank, mail))
        return last[1]

    def _last_to_come(self, now: datetime) -> tuple[Rank, Mail] | None:
        while self.waiting and self.waiting[-1][0][1] <= now:
            self.waiting.pop()
        return self.waiting[-1] if self.waiting else None


def find_places(
    mails: list[Mail],
    day_of: Callable[[Mail], Places[Mail]],
    put_off: Callable[[Mail], Planned],
    now: datetime,
) -> list[Mail]:
    """Give each mail a place; those that moved or are new, each once. `put_off` says where one stands a day later."""
    changed: dict[int, Mail] = {}
    for mail in sorted(mails, key=lambda mail: mail.rank):
        seeking = mail
        changed[id(mail)] = mail
        while (without := day_of(seeking).give(seeking, now)) is not None:
            without.entry = put_off(without)
            changed[id(without)] = seeking = without
    return list(changed.values())
