"""The one function that says when everything happens. Scheduler, previews and simulation all call it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sales_campaigns.campaigns.planner import days
from sales_campaigns.campaigns.planner.course import Course, End, Ends, course_of, ended, not_run, slip_before
from sales_campaigns.campaigns.planner.local_time import naive_wall_clock, resolve, to_the_second
from sales_campaigns.campaigns.planner.outline import Assumptions, Outline, Over, Start, StepKind
from sales_campaigns.campaigns.planner.placing import Planned, place, settle
from sales_campaigns.campaigns.planner.spots import Moved, at_wall

TASKS_ARE_DONE_AT = time(9)
AS_THINGS_STAND = Assumptions()


def plan(
    outline: Outline,
    start: Start,
    over: Mapping[int, Over] | None = None,
    assume: Assumptions = AS_THINGS_STAND,
    defer: Mapping[int, date] | None = None,
) -> tuple[Planned, ...]:
    """Every step that is not over, in step order.

    `over` maps the index of a step to how it ended. `defer` maps an index to the local date (in the
    enrollment's zone) to which a limit has put the step. Steps that wait for others are planned as if those
    ended as assumed.
    """
    course, facts = course_of(outline, start), over or {}
    ends: list[End] = []
    planned: list[Planned] = []
    for index, step in enumerate(outline.steps):
        if index in facts:
            ends.append(ended(course, step, facts[index]))
            continue
        if index < start.first:
            ends.append(not_run(course))
            continue
        entry, end = ahead(course, index, ends, facts, assume, (defer or {}).get(index))
        planned.append(entry)
        ends.append(end)
    return tuple(planned)


def ahead(
    course: Course,
    index: int,
    ends: Ends,
    over: Container[int] = (),
    assume: Assumptions = AS_THINGS_STAND,
    not_on_before: date | None = None,
) -> tuple[Planned, End]:
    """A step that is not over, and the end that is assumed of it."""
    entry = place(course, index, ends, over)
    if not_on_before and not entry.is_task and entry.local.date() < not_on_before:
        entry = put_off(course, entry, not_on_before - timedelta(days=1))
    if entry.is_task and not _left_out(course, entry, assume):
        entry = replace(entry, done_at=_done_at(course, entry.index, entry.at, assume))
    return entry, assumed_end(course, entry, assume)


def later_day(outline: Outline, start: Start, planned: Planned, after: date, why: str = "limit") -> Planned:
    """The same mail on the next counted day after the local date `after`, at its own time of day.

    The rule: what exceeds a daily limit moves to the next eligible day and competes there.
    """
    return put_off(course_of(outline, start), planned, after, why)


def next_slot(outline: Outline, start: Start, planned: Planned, now: datetime) -> Planned:
    """The same mail at its own time of day on the first counted day on which that is still to come."""
    course, today = course_of(outline, start), naive_wall_clock(now, start.zone).date()
    slot = put_off(course, planned, today - days.ONE_DAY, "past")
    return slot if slot.at >= now else put_off(course, planned, today, "past")


def put_off(course: Course, planned: Planned, after: date, why: str = "limit") -> Planned:
    day = days.next_day(course.outline.calendar, after)
    spot, kept = settle(course, at_wall(datetime.combine(day, planned.own_time), course.zone))
    moved = planned.moved
    if why not in (move.why for move in moved):  # put off again: one line in the trace is enough
        moved = (*moved, Moved(why, planned.local))
    return replace(planned, at=spot.at, local=spot.shown, own_time=kept, moved=(*moved, *spot.moved))


def slip(outline: Outline, start: Start, over: Mapping[int, Over]) -> int:
    """By how many counted days the days after the last ended step have slipped so far."""
    course = course_of(outline, start)
    ends = [ended(course, step, over[i]) if i in over else None for i, step in enumerate(outline.steps)]
    return slip_before(course, ends, max((step.day for step in outline.steps), default=0) + 1)


def assumed_end(course: Course, entry: Planned, assume: Assumptions) -> End:
    at = entry.done_at or _left_at(course, entry, assume)
    local = naive_wall_clock(at, course.zone)
    mailed = course.outline.steps[entry.index].kind == StepKind.EMAIL and assume.reachable
    mailed = mailed and not _is_skipped(course, entry)
    return End(at, local.date(), local.time() if mailed and entry.is_task else None, mailed=mailed)


def _left_out(course: Course, entry: Planned, assume: Assumptions) -> bool:
    return not assume.reachable and course.outline.steps[entry.index].kind == StepKind.EMAIL


def _left_at(course: Course, entry: Planned, assume: Assumptions) -> datetime:
    """A mail leaves when it is due, unless its date is over by now."""
    if assume.now is None or naive_wall_clock(assume.now, course.zone).date() <= entry.local.date():
        return entry.at
    return max(entry.at, to_the_second(assume.now))


def done_at(outline: Outline, start: Start, index: int, opened: datetime, assume: Assumptions) -> datetime:
    """When a task that opened then is assumed to be over: done, or skipped by itself where that comes first.

    The rule: tasks count as done at 09:00 local of the day they open, or when they open where that is later;
    with a delay of two days, two counted days later.
    """
    return _done_at(course_of(outline, start), index, opened, assume)


def _done_at(course: Course, index: int, opened: datetime, assume: Assumptions) -> datetime:
    local = naive_wall_clock(opened, course.zone)
    done = max(local, datetime.combine(local, TASKS_ARE_DONE_AT))
    day = days.later_by(course.outline.calendar, done.date(), assume.task_delay_days)
    at = max(opened, resolve(datetime.combine(day, done.time()), course.zone))
    if assume.now is not None:
        at = max(at, to_the_second(assume.now))
    skipped = _skipped_at(course, index, opened)
    return at if skipped is None else min(at, skipped)


def skip_at(outline: Outline, start: Start, opened: Planned) -> datetime | None:
    """When an open task is skipped by itself (`skip_after`, in counted days after it opened), or None."""
    return _skipped_at(course_of(outline, start), opened.index, opened.at)


def _skipped_at(course: Course, index: int, opened: datetime) -> datetime | None:
    after = course.outline.steps[index].skip_after_days
    if after is None:
        return None
    local = naive_wall_clock(opened, course.zone)
    day = days.later_by(course.outline.calendar, local.date(), after)
    return resolve(datetime.combine(day, local.time()), course.zone)


def _is_skipped(course: Course, entry: Planned) -> bool:
    return entry.done_at is not None and entry.done_at == _skipped_at(course, entry.index, entry.at)
