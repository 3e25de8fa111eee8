"""Many enrollments that leave from one mailbox with a daily limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heapify, heappop, heappush

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
    journeys = {who: Journey(course_of(outline, s), [None] * count, [None] * count) for who, s in starts}
    needed = [needs(outline, index) for index in range(count)]
    turns = [turn for who in journeys for turn in _next(who, journeys[who], needed, sender_zone, assume)]
    heapify(turns)
    day, left = date.min, limit
    while turns:
        turn = heappop(turns)
        if turn[0] != day:
            day, left = turn[0], limit
        journey = journeys[turn[3]]
        if not left:
            _wait(turns, turn, journey.course, sender_zone)
            continue
        left -= 1
        _settle(journey, turn, assume)
        for following in _next(turn[3], journey, needed, sender_zone, assume):
            heappush(turns, following)
    for who, journey in journeys.items():
        yield who, tuple(entry for entry in journey.planned if entry is not None)


def _settle(journey: Journey, turn: Turn, assume: Assumptions) -> None:
    *_, index, entry = turn
    journey.planned[index] = entry
    journey.ends[index] = assumed_end(journey.course, entry, assume)


def _wait(turns: list[Turn], turn: Turn, course: Course, sender_zone: str) -> None:
    *_, who, _index, entry = turn
    heappush(turns, _turn(who, put_off(course, entry, entry.local.date()), sender_zone))


def _next(
    who: str, journey: Journey, needed: list[tuple[int, ...]], sender_zone: str, assume: Assumptions
) -> Iterator[Turn]:
    """Plans the tasks that nothing holds any more, and yields a turn for every mail that nothing holds."""
    for index, before in enumerate(needed):
        if index in journey.queued or any(journey.ends[i] is None for i in before):
            continue
        journey.queued.add(index)
        entry, end = ahead(journey.course, index, journey.ends, (), assume)
        if entry.is_task:
            journey.planned[index], journey.ends[index] = entry, end
        else:
            yield _turn(who, entry, sender_zone)


def _turn(who: str, entry: Planned, sender_zone: str) -> Turn:
    local_date = wall_clock(entry.at, sender_zone).date()
    return local_date, entry.index == 0, entry.at, who, entry.index, entry
