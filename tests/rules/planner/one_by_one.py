"""Sharing out a mailbox's days person by person: slow and plain, to compare the quick way with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heapify, heappop, heappush

from sales_campaigns.campaigns.planner.course import Course, End, course_of
from sales_campaigns.campaigns.planner.local_time import to_the_second, wall_clock
from sales_campaigns.campaigns.planner.outline import Assumptions, Outline, Start
from sales_campaigns.campaigns.planner.places import Places, Seeker, find_places
from sales_campaigns.campaigns.planner.placing import Planned, needs
from sales_campaigns.campaigns.planner.planning import AS_THINGS_STAND, ahead, assumed_end, put_off

LAUNCH = -1
Event = tuple[datetime, str, int]  # when, who, and the index of the step that is over then


@dataclass(slots=True)
class Journey:
    """One person on the way: where the steps stand so far and their assumed ends; None where still open."""

    course: Course
    planned: list[Planned | None]
    ends: list[End | None]
    unplanned: list[int]
    mails: dict[int, Seeker] = field(default_factory=dict)


@dataclass(slots=True)
class InCommon:
    """What people with the same start and the same past share, so that it is worked out once."""

    outline: Outline
    limit: int
    sender_zone: str
    assume: Assumptions
    needed: list[tuple[int, ...]]
    journeys: dict[str, Journey] = field(default_factory=dict)
    days: dict[date, Places[Seeker]] = field(default_factory=dict)
    courses: dict[tuple[object, ...], Course] = field(default_factory=dict)
    steps: dict[tuple[object, ...], tuple[Planned, End]] = field(default_factory=dict)
    later: dict[tuple[int, date], tuple[Planned, Planned]] = field(default_factory=dict)

    def day_of(self, mail: Seeker) -> Places[Seeker]:
        day = wall_clock(mail.entry.at, self.sender_zone).date()
        if day not in self.days:
            self.days[day] = Places(self.limit)
        return self.days[day]

    def put_off(self, mail: Seeker) -> Planned:
        """The same mail a day later. Keyed by identity, which lasts because both are kept."""
        after = mail.entry.local.date()
        key = id(mail.own), after
        if key not in self.later:
            course = self.journeys[mail.who].course
            self.later[key] = mail.own, put_off(course, mail.own, after)
        return self.later[key][1]


def share_out_one_by_one(
    outline: Outline,
    starts: Iterable[tuple[str, Start]],
    limit: int,
    sender_zone: str,
    assume: Assumptions = AS_THINGS_STAND,
) -> Iterator[tuple[str, tuple[Planned, ...]]]:
    """What `share_out` of the planner must say, found one person at a time."""
    count = len(outline.steps)
    common = InCommon(outline, limit, sender_zone, assume, [needs(outline, index) for index in range(count)])
    events: list[Event] = []
    for who, start in starts:
        common.journeys[who] = _journey(_course(common, start), count)
        events.append((to_the_second(start.launched_at), who, LAUNCH))
    heapify(events)
    while events:
        now = events[0][0]
        mails = [mail for who in _over_at(common, events, now) for mail in _ready(common, events, who)]
        for mail in find_places(mails, common.day_of, common.put_off, now):
            heappush(events, (mail.entry.at, mail.who, mail.entry.index))
    for who, journey in common.journeys.items():
        yield who, tuple(entry for entry in journey.planned if entry is not None)


def _over_at(common: InCommon, events: list[Event], now: datetime) -> Iterator[str]:
    """Whose steps are over at this instant. A mail that was put off since it was foreseen is not."""
    while events and events[0][0] == now:
        _, who, index = heappop(events)
        journey = common.journeys[who]
        mail = journey.mails.get(index)
        if mail is not None:
            if mail.entry.at != now:
                continue
            journey.planned[index] = mail.entry
            journey.ends[index] = assumed_end(journey.course, mail.entry, common.assume)
        elif index != LAUNCH:
            task = journey.planned[index]
            assert task is not None
            journey.ends[index] = assumed_end(journey.course, task, common.assume)
        yield who


def _ready(common: InCommon, events: list[Event], who: str) -> Iterator[Seeker]:
    """Plans the tasks that nothing holds any more, and yields every mail that nothing holds."""
    journey = common.journeys[who]
    for index in tuple(journey.unplanned):
        if any(journey.ends[i] is None for i in reversed(common.needed[index])):
            continue
        journey.unplanned.remove(index)
        entry, end = _ahead(common, journey, index)
        if entry.is_task:
            journey.planned[index] = entry
            heappush(events, (end.at, who, index))
        else:
            journey.mails[index] = mail = Seeker(who, entry, entry)
            yield mail


def _journey(course: Course, count: int) -> Journey:
    return Journey(course, [None] * count, [None] * count, list(range(count)))


def _course(common: InCommon, start: Start) -> Course:
    key = (start.launched_at, start.zone, *start.send_at.items(), start.resumed_at, start.slipped)
    if key not in common.courses:
        common.courses[key] = course_of(common.outline, start)
    return common.courses[key]


def _ahead(common: InCommon, journey: Journey, index: int) -> tuple[Planned, End]:
    key = (id(journey.course), index, *journey.ends)
    if key not in common.steps:
        common.steps[key] = ahead(journey.course, index, journey.ends, (), common.assume)
    return common.steps[key]
