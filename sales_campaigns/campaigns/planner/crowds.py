"""People with the same past in a campaign, moved together: what they share is worked out once for all of them.

The rule for who gets a place where a daily limit binds is that of `places.py`: later steps before first ones, then
instant, then address. What has left, or whose instant has come, keeps its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sales_campaigns.campaigns.planner.course import Course
from sales_campaigns.campaigns.planner.placing import Planned

Rank = tuple[bool, datetime]


@dataclass(slots=True, eq=False)
class Crowd:
    """People (addresses, in order) with the same step: `own` is where it belongs, `entry` where it stands now."""

    course: Course
    own: Planned
    entry: Planned
    who: list[str]

    @property
    def rank(self) -> Rank:
        """Later steps before first ones, then instant; among equals the address decides, then the step."""
        return self.entry.index == 0, self.entry.at

    @property
    def last(self) -> tuple[Rank, str, int]:
        return self.rank, self.who[-1], self.entry.index

    def __bool__(self) -> bool:
        return bool(self.who)

    def of(self, who: list[str]) -> Crowd:
        return Crowd(self.course, self.own, self.entry, who)


@dataclass(slots=True, eq=False)
class Day:
    """A local date of the sender: `limit` mails may leave. Until it begins, those who want a place wait in `pool`."""

    limit: int
    taken: int
    begun: bool
    pool: list[Crowd] = field(default_factory=list)
    placed: list[Crowd] = field(default_factory=list)

    def begin(self) -> tuple[list[Crowd], list[Crowd]]:
        """Give away the places: who has one, and who has none."""
        self.begun = True
        without: list[Crowd] = []
        for block in blocks(self.pool):
            chosen, rest = _best(block, self.limit - self.taken)
            self._take(chosen)
            without += rest
        self.pool = []
        return list(self.placed), without

    def give(self, crowd: Crowd, now: datetime) -> tuple[list[Crowd], list[Crowd]]:
        """Places on a day that has begun. Better ones push out those whose instant is still to come."""
        free = max(0, self.limit - self.taken)
        inside, rest = crowd.of(crowd.who[:free]), crowd.who[free:]
        self.taken += len(inside.who)
        without = list(self._pushed_out(inside, rest, now))
        if inside:
            self.placed.append(inside)
        return [inside], [*without, crowd.of(rest)]

    def _pushed_out(self, inside: Crowd, rest: list[str], now: datetime) -> Iterator[Crowd]:
        while rest:
            last = max((one for one in self.placed if one and one.entry.at > now), key=_last, default=None)
            if last is None or last.last < (inside.rank, rest[0], inside.entry.index):
                return
            yield last.of([last.who.pop()])
            inside.who.append(rest.pop(0))

    def _take(self, crowds: Iterable[Crowd]) -> None:
        for crowd in crowds:
            self.taken += len(crowd.who)
            self.placed.append(crowd)


def blocks(crowds: Iterable[Crowd]) -> Iterator[list[Crowd]]:
    """Crowds of equal rank, the best first."""
    for _, block in groupby(sorted(crowds, key=_rank), key=_rank):
        yield list(block)


def one_by_one(block: Sequence[Crowd]) -> Iterator[Crowd]:
    """Crowds of equal rank in the order of their people: by address, then step."""
    if len(block) == 1:
        yield block[0]
        return
    people = [(who, crowd.entry.index, n) for n, crowd in enumerate(block) for who in crowd.who]
    for who, _, n in sorted(people):
        yield block[n].of([who])


def _best(block: Sequence[Crowd], free: int) -> tuple[list[Crowd], list[Crowd]]:
    """The first `free` people of crowds of equal rank, and the rest."""
    counts = _shares(block, max(0, free))
    chosen = [crowd.of(crowd.who[: counts[n]]) for n, crowd in enumerate(block) if counts[n]]
    rest = [crowd.of(crowd.who[counts[n] :]) for n, crowd in enumerate(block) if counts[n] < len(crowd.who)]
    return chosen, rest


def _shares(block: Sequence[Crowd], free: int) -> Counter[int]:
    """How many of each crowd are among the first; its people are in order, so these are its first ones."""
    if len(block) == 1 or sum(len(crowd.who) for crowd in block) <= free:
        return Counter({n: min(free, len(crowd.who)) for n, crowd in enumerate(block)})
    people = ((who, crowd.entry.index, n) for n, crowd in enumerate(block) for who in crowd.who[:free])
    return Counter(n for *_, n in sorted(people)[:free])


def _rank(crowd: Crowd) -> Rank:
    return crowd.rank


def _last(crowd: Crowd) -> tuple[Rank, str, int]:
    return crowd.last
