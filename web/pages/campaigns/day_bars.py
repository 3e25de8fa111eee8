"""A calendar of days as bars: the geometry of a drawing that the template writes as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sales_campaigns.enrollments.foreseeing import DayAhead

HEIGHT, TOP, FOOT = 160, 16, 34  # of the drawing; room above and below the bars
MOST_DAYS = 70  # beyond these the bars stand for weeks


@dataclass(frozen=True, slots=True)
class Bar:
    """One day or week. Heights and places are in units of the drawing, `said` is what stands in it, in words."""

    x: float
    width: float
    mails: float
    others: float
    tasks: float
    opened: float
    label: str
    month: str
    said: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """`limit_y` is where the line of the daily limit runs, None where it does not bind or bars are weeks."""

    width: float
    height: float
    floor: float
    top: int
    bars: Sequence[Bar]
    by_week: bool
    limit_y: float | None


def drawing_of(days: Sequence[DayAhead], limit: int | None) -> Drawing:
    """Mails at the left of each day, tasks at the right; what is there already stands below what is new."""
    by_week = len(days) > MOST_DAYS
    groups = _weeks(days) if by_week else [[day] for day in days]
    sums = [_sums(group) for group in groups]
    most = max((max(mails + others, tasks + opened) for mails, others, tasks, opened in sums), default=0) or 1
    step = max(18.0, min(44.0, 900 / max(1, len(groups))))
    scale = HEIGHT / most
    bars = [
        _bar(
            group, sums[n], n * step, step, scale, new_month=n == 0 or _month(group) != _month(groups[n - 1])
        )
        for n, group in enumerate(groups)
    ]
    floor = TOP + HEIGHT
    line = floor - limit * scale if limit and limit <= most and not by_week else None
    return Drawing(max(1, len(groups)) * step, floor + FOOT, floor, most, bars, by_week, line)


def _bar(
    group: Sequence[DayAhead],
    sums: tuple[int, int, int, int],
    x: float,
    step: float,
    scale: float,
    *,
    new_month: bool,
) -> Bar:
    mails, others, tasks, opened = (round(number * scale, 1) for number in sums)
    first = group[0].date
    return Bar(
        x=round(x, 1),
        width=round((step - 6) / 2, 1),
        mails=mails,
        others=others,
        tasks=tasks,
        opened=opened,
        label=str(first.day),
        month=first.strftime("%b") if new_month else "",
        said=_said(first, sums, week=len(group) > 1),
    )


def _said(first: date, sums: tuple[int, int, int, int], *, week: bool) -> str:
    mails, others, tasks, opened = sums
    when = f"Week of {first:%a} {first.day} {first:%b}" if week else f"{first:%a} {first.day} {first:%b}"
    return f"{when}: {mails:,} mails beside {others:,} others, {tasks:,} tasks beside {opened:,} open"


def _sums(group: Sequence[DayAhead]) -> tuple[int, int, int, int]:
    return (
        sum(day.mails for day in group),
        sum(day.others for day in group),
        sum(day.new_tasks for day in group),
        sum(day.open for day in group),
    )


def _weeks(days: Sequence[DayAhead]) -> list[list[DayAhead]]:
    weeks: dict[tuple[int, int], list[DayAhead]] = {}
    for day in days:
        weeks.setdefault(day.date.isocalendar()[:2], []).append(day)
    return list(weeks.values())


def _month(group: Sequence[DayAhead]) -> int:
    return group[0].date.month
