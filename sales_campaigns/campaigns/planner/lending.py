"""Which time of day a "same time as the previous e-mail" step takes over."""

from __future__ import annotations

from datetime import time

from sales_campaigns.campaigns.planner.course import Course, Ends
from sales_campaigns.campaigns.planner.outline import SendOption, StepKind


def own_time(course: Course, index: int, ends: Ends) -> time:
    """The local time of day that an automatic e-mail step is planned for, before any move."""
    step = course.outline.steps[index]
    if index in course.chosen:
        return course.chosen[index].wall.time()
    if step.send == SendOption.AT and step.at is not None:
        return step.at
    if step.send == SendOption.SAME_AS_PREVIOUS and step.day > 1:
        return lent_time(course, index, ends)
    return course.asked.time()


def lent_time(course: Course, index: int, ends: Ends) -> time:
    """The time of day of the nearest e-mail step on an earlier day.

    The rule: its planned time when it is automatic; when it was a task, the time at which the rep really sent
    it, and a task that ended without a mail lends none; where there is no such step, the start's time of day.
    """
    for earlier in range(index - 1, -1, -1):
        lent = _lends(course, earlier, course.outline.steps[index].day, ends)
        if lent is not None:
            return lent
    return course.asked.time()


def _lends(course: Course, index: int, before: int, ends: Ends) -> time | None:
    step, end = course.outline.steps[index], ends[index]
    if step.kind != StepKind.EMAIL or step.day >= before or end is None or not end.was_run:
        return None
    return end.sent if step.is_task else own_time(course, index, ends)
