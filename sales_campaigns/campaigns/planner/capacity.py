"""Many enrollments that leave from one mailbox with a daily limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heapify, heappop, heappush, heapreplace

from sales_campaigns.campaigns.planner.course import Course, End, course_of
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.campaigns.planner.outline import Assumptions, Outline, Start
from sales_campaigns.campaigns.planner.placing import Planned, needs
from sales_campaigns.campaigns.planner.planning import AS_THINGS_STAND, ahead, assumed_end, put_off

# Local date of the mailbox, first steps last, instant, address, index: the order in which mails get a place.
Turn = tuple[date, bool, datetime, str, int, Planned]


@dataclass(slots=True)
class Journey:
    """One person on the way: the steps planned so far and their assumed ends; None where still open."""

    course: Course
    planned: list[Planned | None]
    ends: list[End | None]
    queued: set[int] = field(default_factory=set)


@dataclass(slots=True)
class InCommon:
    """What people with the same start and the same past share, so that it is worked out once."""

    outline: Outline
    sender_zone: str
    assume: Assumptions
    needed: list[tuple[int, ...]]
    courses: dict[tuple[object, ...], Course] = field(default_factory=dict)
    steps: dict[tuple[object, ...], tuple[Planned, End]] = field(default_factory=dict)
    put_off: dict[int, tuple[Planned, Planned]] = field(default_factory=dict)


def share_out(
    outline: Outline,
    starts: Iterable[tuple[str, Start]],
    limit: int,
    sender_zone: str,
    assume: Assumptions = AS_THINGS_STAND,
) -> Iterator[tuple[str, tuple[Planned, ...]]]:
    """Every step of every person (by address) when at most `limit` mails leave on a local date of the sender.

    The rule: what exceeds the limit moves to the next eligible day at its own time of day and competes there;
    the order is planned local date, later steps before first ones, instant, address. Tasks are not limited.
    """
    count = len(outline.steps)
    common = InCommon(outline, sender_zone, assume, [needs(outline, index) for index in range(count)])
    journeys = {who: Journey(_course(common, s), [None] * count, [None] * count) for who, s in starts}
    turns = [turn for who, journey in journeys.items() for turn in _next(common, who, journey)]
    heapify(turns)
    day, left = date.min, limit
    while turns:
        if turns[0][0] != day:
            day, left = turns[0][0], limit
        *_, who, index, entry = turns[0]
        journey = journeys[who]
        if not left:
            heapreplace(turns, _turn(common, who, _later(common, journey.course, entry)))
            continue
        left -= 1
        heappop(turns)
        journey.planned[index], journey.ends[index] = entry, assumed_end(journey.course, entry, assume)
        for following in _next(common, who, journey):
            heappush(turns, following)
    for who, journey in journeys.items():
        yield who, tuple(entry for entry in journey.planned if entry is not None)


def _course(common: InCommon, start: Start) -> Course:
    key = (start.launched_at, start.zone, *start.send_at.items(), start.resumed_at, start.slipped)
    if key not in common.courses:
        common.courses[key] = course_of(common.outline, start)
    return common.courses[key]


def _next(common: InCommon, who: str, journey: Journey) -> Iterator[Turn]:
    """Plans the tasks that nothing holds any more, and yields a turn for every mail that nothing holds."""
    for index, before in enumerate(common.needed):
        if index in journey.queued or any(journey.ends[i] is None for i in before):
            continue
        journey.queued.add(index)
        entry, end = _ahead(common, journey, index)
        if entry.is_task:
            journey.planned[index], journey.ends[index] = entry, end
        else:
            yield _turn(common, who, entry)


def _ahead(common: InCommon, journey: Journey, index: int) -> tuple[Planned, End]:
    key = (id(journey.course), index, *journey.ends)
    if key not in common.steps:
        common.steps[key] = ahead(journey.course, index, journey.ends, (), common.assume)
    return common.steps[key]


def _later(common: InCommon, course: Course, entry: Planned) -> Planned:
    """The same mail a day later. Keyed by identity, which lasts because both are kept."""
    if id(entry) not in common.put_off:
        common.put_off[id(entry)] = entry, put_off(course, entry, entry.local.date())
    return common.put_off[id(entry)][1]


def _turn(common: InCommon, who: str, entry: Planned) -> Turn:
    local_date = wall_clock(entry.at, common.sender_zone).date()
    return local_date, entry.index == 0, entry.at, who, entry.index, entry
