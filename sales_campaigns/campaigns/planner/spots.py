"""A place in time that rules move, and the moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sales_campaigns.campaigns.planner import days
from sales_campaigns.campaigns.planner.local_time import aware, naive_wall_clock, resolve, wall_clock
from sales_campaigns.campaigns.planner.outline import Calendar, Window


@dataclass(frozen=True, slots=True)
class Moved:
    """A rule that shifted an instant: past, weekend, holiday, window, slip, gap, limit, pressure, company or leave.

    `from_` is the aware local time it stood at before.
    """

    why: str
    from_: datetime


class Spot(NamedTuple):
    """`wall` is the naive time that the clocks of `zone` are wanted to show; in a gap they never show it."""

    zone: str
    wall: datetime
    at: datetime
    moved: tuple[Moved, ...] = ()

    def to(self, why: str, wall: datetime, at: datetime | None = None) -> Spot:
        moved = (*self.moved, Moved(why, self.shown))
        return Spot(self.zone, wall, at or resolve(wall, self.zone), moved)

    @property
    def shown(self) -> datetime:
        local = wall_clock(self.at, self.zone)
        return local if local.replace(tzinfo=None, fold=0) == self.wall else aware(self.wall, self.zone)


def at_wall(wall: datetime, zone: str) -> Spot:
    return Spot(zone, wall, resolve(wall, zone))


def at_instant(instant: datetime, zone: str) -> Spot:
    return Spot(zone, naive_wall_clock(instant, zone), instant)


def on(spot: Spot, day: date) -> datetime:
    """The spot's wall-clock time on another date."""
    return datetime.combine(day, spot.wall.time())


def onto_counted_day(spot: Spot, calendar: Calendar) -> Spot:
    """The rule: what falls on a weekend or holiday that is skipped moves on at the same wall time."""
    day = spot.wall.date()
    while why := days.why_not(calendar, day):
        while days.why_not(calendar, day) == why:
            day += days.ONE_DAY
        spot = spot.to(why, on(spot, day))
    return spot


def not_before(spot: Spot, calendar: Calendar, earliest: datetime, why: str, *, at_once: bool) -> Spot:
    """The rule "never in the past": the next counted day at the same time, or `earliest` when `at_once`."""
    if spot.at >= earliest:
        return spot
    local = naive_wall_clock(earliest, spot.zone)
    if at_once:
        return spot.to(why, local, earliest)
    day = days.next_day(calendar, max(spot.wall.date(), local.date() - days.ONE_DAY))
    while resolve(on(spot, day), spot.zone) < earliest:
        day = days.next_day(calendar, day)
    return spot.to(why, on(spot, day))


def after_leave(spot: Spot, calendar: Calendar, back: datetime, at: time) -> Spot:
    """The rule: what falls into the sender's leave waits for the first counted day after it; `at` is the time there."""
    day = days.next_day(calendar, naive_wall_clock(back, spot.zone).date() - days.ONE_DAY)
    while resolve(datetime.combine(day, at), spot.zone) < back:
        day = days.next_day(calendar, day)
    return spot.to("leave", datetime.combine(day, at))


def out_of_gap(spot: Spot) -> Spot:
    local = naive_wall_clock(spot.at, spot.zone)
    return spot if local == spot.wall else spot.to("gap", local, spot.at)


def into_window(spot: Spot, calendar: Calendar) -> Spot:
    """The rule: automatic e-mails leave only on days that count, and only from ≤ t < to of a window."""
    if calendar.window is None:
        return out_of_gap(onto_counted_day(spot, calendar))
    if is_open(spot.wall, calendar, calendar.window):
        return spot
    opening = next_opening(spot, calendar, calendar.window)
    return spot.to("window", opening, resolve(opening, spot.zone))


def is_open(wall: datetime, calendar: Calendar, window: Window) -> bool:
    return days.counts(calendar, wall.date()) and window.opens <= wall.time() < window.closes


def next_opening(spot: Spot, calendar: Calendar, window: Window) -> datetime:
    """Naive. An opening inside a gap moves forward by the gap, if the window is still open then."""
    day = spot.wall.date()
    while True:
        at = resolve(datetime.combine(day, window.opens), spot.zone)
        local = naive_wall_clock(at, spot.zone)
        if at >= spot.at and local.date() == day and is_open(local, calendar, window):
            return local
        day += timedelta(days=1)
