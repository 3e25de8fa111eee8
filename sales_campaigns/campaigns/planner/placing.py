"""Where one step of one enrollment belongs, given how the steps before it ended."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time

from sales_campaigns.campaigns.planner.course import Course, Ends, slip_before
from sales_campaigns.campaigns.planner.lending import own_time
from sales_campaigns.campaigns.planner.outline import IfPast, Outline, SendOption
from sales_campaigns.campaigns.planner.spots import (
    Moved,
    Spot,
    after_leave,
    at_instant,
    at_wall,
    into_window,
    not_before,
    on,
    onto_counted_day,
    out_of_gap,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """When a step that is not over happens: a mail is due, a task opens.

    `at` is UTC, `local` the same instant in the enrollment's zone, `own_date` the date of the step's day.
    `ready` means that all it waits for is a fact, so that `at` may be acted on; `waits_for` and `follows` are
    indexes of steps. `done_at` is when a task is assumed to end. `own_time` is the time of day that a move to
    another day keeps.
    """

    index: int
    at: datetime
    local: datetime
    own_date: date
    is_task: bool
    ready: bool
    waits_for: tuple[int, ...]
    follows: int | None
    moved: tuple[Moved, ...]
    done_at: datetime | None
    own_time: time


def needs(outline: Outline, index: int) -> tuple[int, ...]:
    """The steps that must be over before this one is scheduled: all before it.

    The one exception: an e-mail that leaves at once on day 1 waits only for tasks and the mail it follows.
    """
    step = outline.steps[index]
    if not step.leaves_at_once:
        return tuple(range(index))
    followed = index - 1 if step.follow_up else -1
    return tuple(i for i in range(index) if i == followed or outline.steps[i].is_task)


def place(course: Course, index: int, ends: Ends, over: Container[int] = ()) -> Planned:
    """`ends` holds an end for every step that this one needs; `over` says which of them are facts."""
    step = course.outline.steps[index]
    needed = [i for i in needs(course.outline, index) if i >= course.first]
    ready_at = max([course.beginning.at, *(end.at for i in needed if (end := ends[i]))])
    slipped = slip_before(course, ends, step.day) if step.day > course.first_day else 0
    spot, kept = (_opening if step.is_task else _sending)(course, index, ends, slipped, ready_at)
    waits_for = tuple(i for i in needed if i not in over)
    return Planned(
        index=index,
        at=spot.at,
        local=spot.shown,
        own_date=course.date_of(step.day, slipped),
        is_task=step.is_task,
        ready=not waits_for,
        waits_for=waits_for,
        follows=index - 1 if step.follow_up and _can_be_followed(ends, index - 1) else None,
        moved=spot.moved,
        done_at=None,
        own_time=kept,
    )


def _can_be_followed(ends: Ends, index: int) -> bool:
    """The rule: a follow-up of a mail that was skipped, failed or cancelled goes out as a new thread."""
    if index < 0:
        return False
    end = ends[index]
    return end is None or end.mailed


def _opening(course: Course, index: int, _ends: Ends, slipped: int, ready_at: datetime) -> tuple[Spot, time]:
    """The rule: a task opens at 00:00 of its day, on the first day at the start, or after the step before it."""
    day = course.outline.steps[index].day
    spot = course.beginning if day == course.first_day else _on_day(course, day, time(0), slipped)
    if ready_at > spot.at:
        spot = at_instant(ready_at, course.zone)
    spot = _after_pause(course, out_of_gap(spot), at_once=True)
    while (back := course.back_at(spot.at)) is not None:
        spot = out_of_gap(after_leave(spot, course.outline.calendar, back, time(0)))
    return spot, spot.wall.time()


def _sending(course: Course, index: int, ends: Ends, slipped: int, ready_at: datetime) -> tuple[Spot, time]:
    calendar, step = course.outline.calendar, course.outline.steps[index]
    at_once = _goes_at_once(course, index)
    if at_once:
        spot = course.beginning if ready_at == course.beginning.at else at_instant(ready_at, course.zone)
    else:
        now = step.if_past == IfPast.NOW
        spot = not_before(_wanted(course, index, ends, slipped), calendar, ready_at, "past", at_once=now)
    spot = _after_pause(course, spot, at_once=at_once or step.if_past == IfPast.NOW)
    return settle(course, spot)


def settle(course: Course, spot: Spot) -> tuple[Spot, time]:
    """Out of the gap, into the window and past the sender's leave; beside it the time of day that a move keeps."""
    allowed, kept = _into_window(course, spot)
    while (back := course.back_at(allowed.at)) is not None:
        allowed, kept = _into_window(course, after_leave(allowed, course.outline.calendar, back, kept))
    return allowed, kept


def _into_window(course: Course, spot: Spot) -> tuple[Spot, time]:
    shown = out_of_gap(spot)
    allowed = into_window(shown, course.outline.calendar)
    return allowed, (spot if allowed is shown else allowed).wall.time()


def _goes_at_once(course: Course, index: int) -> bool:
    step = course.outline.steps[index]
    if index in course.chosen:
        return index == course.first
    return step.leaves_at_once or step.send == SendOption.CHOOSE


def _wanted(course: Course, index: int, ends: Ends, slipped: int) -> Spot:
    """Day and time before anything is late: the step's, or what the launch chose in their place."""
    if index in course.chosen:
        return onto_counted_day(course.chosen[index], course.outline.calendar)
    return _on_day(course, course.outline.steps[index].day, own_time(course, index, ends), slipped)


def _on_day(course: Course, day: int, at: time, slipped: int) -> Spot:
    if day == course.first_day:
        return onto_counted_day(
            at_wall(datetime.combine(course.began, at), course.zone), course.outline.calendar
        )
    spot = at_wall(datetime.combine(course.date_of(day), at), course.zone)
    return spot.to("slip", on(spot, course.date_of(day, slipped))) if slipped else spot


def _after_pause(course: Course, spot: Spot, *, at_once: bool) -> Spot:
    if course.resumed_at is None:
        return spot
    return not_before(spot, course.outline.calendar, course.resumed_at, "leave", at_once=at_once)
