"""One enrollment on its way: where it began, how its steps ended, and how far its days have slipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import NamedTuple

from sales_campaigns.campaigns.planner import days
from sales_campaigns.campaigns.planner.local_time import naive_wall_clock, to_the_second, wall_clock
from sales_campaigns.campaigns.planner.outline import Outcome, Outline, Over, Start, StepOutline
from sales_campaigns.campaigns.planner.spots import Spot, at_instant, at_wall, onto_counted_day


@dataclass(frozen=True, slots=True)
class Course:
    """An outline with its start worked out. `began` is when `first_day` was to start, `beginning` the same moved
    onto a day that counts; `asked` is when the enrollment was to start."""

    outline: Outline
    zone: str
    asked: datetime
    began: datetime
    beginning: Spot
    chosen: Mapping[int, Spot]
    resumed_at: datetime | None
    slipped: int
    away: tuple[tuple[datetime, datetime], ...] = ()
    first: int = 0
    first_day: int = 1

    @property
    def first_date(self) -> date:
        return self.beginning.wall.date()

    def date_of(self, day: int, slipped: int = 0) -> date:
        return days.later_by(self.outline.calendar, self.first_date, max(0, day - self.first_day + slipped))

    def back_at(self, at: datetime) -> datetime | None:
        """When the leave ends in which `at` lies; None where it lies in none."""
        return next((ends for begins, ends in self.away if begins <= at < ends), None)


class End(NamedTuple):
    """How a step ended, for planning.

    `at` is UTC, `day` its local date, `sent` the local time of day at which a rep sent the mail of a task.
    `mailed` is False for an e-mail step that ended without a mail, so that nothing can follow it in thread.
    """

    at: datetime
    day: date
    sent: time | None = None
    was_run: bool = True
    mailed: bool = True


Ends = Sequence[End | None]  # by step; None where nothing has ended yet


def course_of(outline: Outline, start: Start) -> Course:
    """The rule: day 1 is the local date of the launch, or of the "send at" chosen at the launch."""
    chosen = {index: _chosen(when, start.zone) for index, when in start.send_at.items()}
    asked = chosen.get(0 if start.first_at else start.first) or at_instant(
        to_the_second(start.launched_at), start.zone
    )
    began = at_instant(to_the_second(start.first_at), start.zone) if start.first_at else asked
    return Course(
        outline=outline,
        zone=start.zone,
        asked=asked.wall,
        began=began.wall,
        beginning=onto_counted_day(began, outline.calendar),
        chosen=chosen,
        resumed_at=start.resumed_at and to_the_second(start.resumed_at),
        slipped=start.slipped,
        away=start.away,
        first=start.first,
        first_day=start.first_day,
    )


def _chosen(when: datetime, zone: str) -> Spot:
    if when.tzinfo is None:
        return at_wall(when.replace(microsecond=0), zone)
    return at_instant(to_the_second(when), zone)


def ended(course: Course, step: StepOutline, over: Over) -> End:
    """The rule: an automatic mail is over when due if accepted that date, else at acceptance."""
    at = to_the_second(over.over_at)
    due, accepted = to_the_second(over.due_at), to_the_second(over.sent_at or over.over_at)
    day = wall_clock(accepted, course.zone).date()
    if not step.is_task and over.outcome == Outcome.SENT:
        at = due if wall_clock(due, course.zone).date() == day else accepted
    sent = naive_wall_clock(accepted, course.zone).time() if over.sent_at else None
    was_run, mailed = over.outcome != Outcome.NOT_RUN, over.outcome == Outcome.SENT
    return End(at, wall_clock(at, course.zone).date(), sent, was_run, mailed)


def not_run(course: Course) -> End:
    """How a step stands that this person never came to."""
    return End(course.beginning.at, course.first_date, was_run=False, mailed=False)


def slip_before(course: Course, ends: Ends, day: int) -> int:
    """By how many counted days the date of `day` lies later than it would if every step had ended in time.

    The rule: when a step ends on a later date than planned, all later days move by as many counted days. The
    steps of one day share their date, so the latest of them decides. What ended before a jump delays nothing after it.
    """
    slipped = course.slipped
    for earlier, ends_of_day in _by_day(course, ends, day):
        planned = course.date_of(earlier, slipped)
        slipped += max(days.counted_between(course.outline.calendar, planned, end.day) for end in ends_of_day)
    return slipped


def _by_day(course: Course, ends: Ends, before: int) -> Iterator[tuple[int, list[End]]]:
    since = zip(course.outline.steps[course.first :], ends[course.first :], strict=False)
    for day, group in groupby(since, key=lambda pair: pair[0].day):
        if day >= before:
            return
        if run := [end for _, end in group if end is not None and end.was_run]:
            yield day, run
