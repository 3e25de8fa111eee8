"""Many enrollments that leave from one mailbox with a daily limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from heapq import heappop, heappush
from itertools import count

from sales_campaigns.campaigns.planner.course import Course, End, course_of, not_run
from sales_campaigns.campaigns.planner.crowds import Crowd, Day, blocks, one_by_one
from sales_campaigns.campaigns.planner.local_time import resolve, to_the_second, wall_clock
from sales_campaigns.campaigns.planner.outline import Assumptions, Outline, Start
from sales_campaigns.campaigns.planner.placing import Planned, needs
from sales_campaigns.campaigns.planner.planning import AS_THINGS_STAND, ahead, assumed_end, put_off

EVER = datetime.min.replace(tzinfo=UTC)
BEGINNING, OVER = 0, 1  # a day begins before anything of it is over
Event = tuple[datetime, int, int, "Day | Crowd | Standing"]


@dataclass(slots=True, eq=False)
class Standing:
    """How far people with the same past are: how their steps ended, and what has become `ready` since the last end."""

    course: Course
    planned: tuple[Planned | None, ...]
    ends: tuple[End | None, ...]
    begun: frozenset[int]
    ready: tuple[tuple[Planned, End], ...] = ()
    who: list[str] = field(default_factory=list)  # of those who have just been launched
    later: dict[tuple[int, int], Standing] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """One sharing out. What is worked out is kept by what it follows from, or by the identity of entries kept here."""

    outline: Outline
    limit: int
    sender_zone: str
    assume: Assumptions
    taken: Mapping[date, int]
    needed: list[tuple[int, ...]]
    now: datetime
    events: list[Event] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    days: dict[date, Day] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)
    ahead: dict[tuple[object, ...], tuple[Planned, End]] = field(default_factory=dict)
    later: dict[tuple[int, date], tuple[Planned, Planned]] = field(default_factory=dict)

    def push(self, at: datetime, order: int, what: Day | Crowd | Standing) -> None:
        heappush(self.events, (at, order, next(self.numbers), what))


def share_out(
    outline: Outline,
    starts: Iterable[tuple[str, Start]],
    limit: int,
    sender_zone: str,
    assume: Assumptions = AS_THINGS_STAND,
    taken: Mapping[date, int] | None = None,
) -> Iterator[tuple[str, tuple[Planned, ...]]]:
    """Every step of every person (by address) when at most `limit` mails leave on a local date of the sender.

    A step competes from the instant at which it is ready, as it does when the campaign really runs: what has
    left by then keeps its place. Tasks are not limited. `taken` are places that others have already, by date.
    """
    needed = [needs(outline, index) for index in range(len(outline.steps))]
    run = Run(outline, limit, sender_zone, assume, taken or {}, needed, EVER)
    _launch(run, starts)
    while run.events:
        run.now = run.events[0][0]
        arriving = [crowd for happened in _happening(run) for crowd in _react(run, happened)]
        for block in blocks(arriving):
            _seek_all(run, block)
    for who, standing in run.standing.items():
        yield who, tuple(entry for entry in standing.planned if entry is not None)


def _launch(run: Run, starts: Iterable[tuple[str, Start]]) -> None:
    """People with the same start stand in the same place."""
    standings: dict[tuple[object, ...], Standing] = {}
    for who, start in starts:
        key = (
            start.launched_at,
            start.zone,
            *start.send_at.items(),
            start.resumed_at,
            start.slipped,
            start.away,
            (start.first, start.first_day, start.first_at),
        )
        if key not in standings:
            course = course_of(run.outline, start)
            standings[key] = _at_the_start(run, course)
            run.push(to_the_second(start.launched_at), OVER, standings[key])
        standings[key].who.append(who)
        run.standing[who] = standings[key]
    for standing in standings.values():
        standing.who.sort()


def _at_the_start(run: Run, course: Course) -> Standing:
    count, before = len(run.outline.steps), course.first
    ends = (*(not_run(course),) * before, *(None,) * (count - before))
    return _standing(run, course, (None,) * count, ends, frozenset(range(before)))


def _happening(run: Run) -> Iterator[Day | Crowd | Standing]:
    while run.events and run.events[0][0] == run.now:
        yield heappop(run.events)[-1]


def _react(run: Run, happened: Day | Crowd | Standing) -> Iterator[Crowd]:
    """The mails that seek a place from now on."""
    if isinstance(happened, Day):
        _forget_days_over(run)
        _settle(run, *happened.begin())
    elif isinstance(happened, Standing):
        yield from _begin(run, happened, happened.who)
    else:
        for standing, who in _over(run, happened).items():
            yield from _begin(run, standing, who)


def _forget_days_over(run: Run) -> None:
    """Nobody seeks a place on a day that is over: who had one there need not be remembered."""
    today = wall_clock(run.now, run.sender_zone).date()
    for day in [day for day in run.days if day < today]:
        del run.days[day]


def _over(run: Run, crowd: Crowd) -> dict[Standing, list[str]]:
    """Where these people stand once this step is over for them."""
    key, groups = (crowd.entry.index, id(crowd.entry)), defaultdict[Standing, list[str]](list)
    for who in crowd.who:
        before = run.standing[who]
        after = before.later.get(key)
        if after is None:
            after = before.later[key] = _after(run, before, crowd.entry)
        run.standing[who] = after
        groups[after].append(who)
    return groups


def _after(run: Run, before: Standing, entry: Planned) -> Standing:
    end = assumed_end(before.course, entry, run.assume)
    planned, ends = list(before.planned), list(before.ends)
    planned[entry.index], ends[entry.index] = entry, end
    return _standing(run, before.course, tuple(planned), tuple(ends), before.begun)


def _standing(
    run: Run,
    course: Course,
    planned: tuple[Planned | None, ...],
    ends: tuple[End | None, ...],
    begun: frozenset[int],
) -> Standing:
    waiting = (index for index in range(len(ends)) if index not in begun)
    free = [index for index in waiting if all(ends[i] is not None for i in run.needed[index])]
    ready = tuple(_ahead(run, course, index, ends) for index in free)
    return Standing(course, planned, ends, begun.union(free), ready)


def _ahead(run: Run, course: Course, index: int, ends: tuple[End | None, ...]) -> tuple[Planned, End]:
    key = (id(course), index, *ends)
    if key not in run.ahead:
        run.ahead[key] = ahead(course, index, ends, (), run.assume)
    return run.ahead[key]


def _begin(run: Run, standing: Standing, who: list[str]) -> Iterator[Crowd]:
    """Plans the tasks that nothing holds any more, and yields every mail that nothing holds."""
    for entry, end in standing.ready:
        crowd = Crowd(standing.course, entry, entry, list(who))
        if entry.is_task:
            run.push(end.at, OVER, crowd)
        else:
            yield crowd


def _seek_all(run: Run, block: list[Crowd]) -> None:
    """On days that have not begun the order does not matter yet."""
    begun = [crowd for crowd in block if _day(run, crowd).begun]
    for crowd in block if len(begun) < 2 else one_by_one(block):
        _seek(run, crowd)


def _seek(run: Run, crowd: Crowd) -> None:
    day = _day(run, crowd)
    if day.begun:
        _settle(run, *day.give(crowd, run.now))
    else:
        day.pool.append(crowd)


def _settle(run: Run, inside: Iterable[Crowd], without: Iterable[Crowd]) -> None:
    """Those with a place leave at their instant; the others seek one on the next day."""
    for crowd in filter(None, inside):
        run.push(crowd.entry.at, OVER, crowd)
    for crowd in filter(None, without):
        _seek(run, Crowd(crowd.course, crowd.own, _put_off(run, crowd), crowd.who))


def _put_off(run: Run, crowd: Crowd) -> Planned:
    """The same mail a day later. Keyed by identity, which lasts because both are kept."""
    after = crowd.entry.local.date()
    key = id(crowd.own), after
    if key not in run.later:
        run.later[key] = crowd.own, put_off(crowd.course, crowd.own, after)
    return run.later[key][1]


def _day(run: Run, crowd: Crowd) -> Day:
    at = wall_clock(crowd.entry.at, run.sender_zone).date()
    if at not in run.days:
        begins = resolve(datetime.combine(at, time(0)), run.sender_zone)
        run.days[at] = day = Day(run.limit, run.taken.get(at, 0), begun=begins <= run.now)
        if not day.begun:
            run.push(begins, BEGINNING, day)
    return run.days[at]
