"""When a series or a continuous delivery runs: a calendar rule as a value, and the instants it gives.

The rules: not more often than every 15 minutes; start, and end date or count; a permitted range against late firing.
Days, weeks, months and cron follow the wall clock of the zone: a local time has one run, at the first of two such
times, and after a gap by its length. Minutes follow elapsed time, which knows no clock change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count, islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday

from sales_campaigns.deliveries.cron import read_cron
from sales_campaigns.deliveries.inputs import instant_in
from sales_campaigns.time_zones import zone_names

LEAST_MINUTES = 15
LEAST = timedelta(minutes=LEAST_MINUTES)
LONGEST_INTERVAL = 1_000


class Every(StrEnum):
    MINUTES = "minutes"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    CRON = "cron"


NTHS = (1, 2, 3, 4, -1)  # -1 is the last


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`first` is a wall clock of `zone`, ISO 8601; `until` the last local date, "" for none; `runs` 0 for no limit.

    `opens` and `closes` ("HH:MM" of the zone, both or neither) are between which a run may fire, however late it is.
    `weekdays` (0 is Monday) are those of a weekly rule, none for that of the first run; of a monthly one with `nth`,
    the one whose nth of the month it is (-1 the last), 0 for the day of the month. `cron` are the five fields.
    """

    every: Every
    interval: int
    first: str
    zone: str
    until: str = ""
    runs: int = 0
    opens: str = ""
    closes: str = ""
    weekdays: tuple[int, ...] = ()
    nth: int = 0
    cron: str = ""


def problems_of(wanted: Recurrence) -> dict[str, str]:
    """What is wrong with it, by field."""
    problems = {}
    if wanted.zone not in zone_names():
        problems["zone"] = f"“{wanted.zone[:80]}” is no time zone. Choose one such as Europe/Stockholm."
    if not _is_date(wanted.first):
        problems["first"] = "Choose the date and time of the first run."
    elif wanted.until and not (_is_date(wanted.until) and wanted.until >= wanted.first[:10]):
        problems["until"] = "Choose a last date that is not before the first run."
    if wanted.runs < 0:
        problems["runs"] = "Write how many runs, or leave it empty."
    if not _is_range(wanted.opens, wanted.closes):
        problems["opens"] = "Choose both ends of the permitted hours, the later one second, or neither."
    problems |= _cron_problem(wanted.cron) if wanted.every is Every.CRON else _interval_problem(wanted)
    return problems | _weekday_problem(wanted)


def instants(wanted: Recurrence) -> Iterator[datetime]:
    """Every planned run, as UTC instants in order."""
    return _ended(wanted, PLANNED.get(wanted.every, _by_the_calendar)(wanted))


def next_run(wanted: Recurrence, after: datetime) -> datetime | None:
    """The first planned run later than `after`; None when the series is over."""
    return next((at for at in _from(wanted, after) if at > after), None)


def runs_between(wanted: Recurrence, after: datetime, up_to: datetime) -> list[datetime]:
    """The planned runs later than `after`, up to and including `up_to`."""
    due = takewhile(lambda at: at <= up_to, _from(wanted, after))
    return [at for at in due if at > after]


def may_fire(wanted: Recurrence, now: datetime) -> bool:
    """Whether the clocks of its zone are inside the permitted range."""
    clock = now.astimezone(ZoneInfo(wanted.zone)).strftime("%H:%M")
    return not wanted.opens or wanted.opens <= clock <= wanted.closes


def recurrence_from(row: Mapping[str, Any]) -> Recurrence:
    weekdays = tuple(row.get("weekdays", ()))
    return Recurrence(**{**row, "every": Every(row["every"]), "weekdays": weekdays})


def _from(wanted: Recurrence, after: datetime) -> Iterator[datetime]:
    """The planned runs, without counting anew through years of those that follow elapsed time."""
    if wanted.every is not Every.MINUTES or not (_is_date(wanted.first) and wanted.interval):
        return instants(wanted)
    first, step = instant_in(wanted.first, wanted.zone), timedelta(minutes=wanted.interval)
    over = max((after - first) // step, 0)
    left = wanted.runs - over
    if wanted.runs and left <= 0:
        return iter(())
    return _ended(wanted, (first + (over + place) * step for place in count()), left)


def _ended(wanted: Recurrence, planned: Iterator[datetime], left: int | None = None) -> Iterator[datetime]:
    """Up to the last date, and `left` runs at most where they are counted."""
    if wanted.until:
        zone = ZoneInfo(wanted.zone)
        planned = takewhile(lambda at: at.astimezone(zone).date().isoformat() <= wanted.until, planned)
    if not wanted.runs:
        return planned
    return islice(planned, wanted.runs if left is None else left)


def _by_the_calendar(wanted: Recurrence) -> Iterator[datetime]:
    first = datetime.fromisoformat(wanted.first)
    rule: dict[str, Any] = {"dtstart": first, "interval": wanted.interval}
    days = [weekday(day) for day in wanted.weekdays]
    if wanted.every is Every.WEEKS and days:
        rule["byweekday"] = days
    if wanted.every is Every.MONTHS and wanted.nth:
        rule["byweekday"] = [day(wanted.nth) for day in days]
    elif wanted.every is Every.MONTHS and first.day > 28:
        # The last day that the month has, up to the wanted one: dateutil would leave short months out.
        rule |= {"bymonthday": range(28, first.day + 1), "bysetpos": -1}
    walls = rrule({Every.DAYS: DAILY, Every.WEEKS: WEEKLY, Every.MONTHS: MONTHLY}[wanted.every], **rule)
    return (instant_in(wall.isoformat(), wanted.zone) for wall in walls)


def _by_cron(wanted: Recurrence) -> Iterator[datetime]:
    """In order, and never two within a quarter of an hour: after a gap two local times may be one instant."""
    before: datetime | None = None
    for wall in read_cron(wanted.cron).walls(datetime.fromisoformat(wanted.first)):
        at = instant_in(wall.isoformat(), wanted.zone)
        if before is None or at - before >= LEAST:
            yield at
            before = at


def _elapsed(wanted: Recurrence) -> Iterator[datetime]:
    first, step = instant_in(wanted.first, wanted.zone), timedelta(minutes=wanted.interval)
    return (first + place * step for place in count())


def _interval_problem(wanted: Recurrence) -> dict[str, str]:
    if wanted.every is Every.MINUTES and wanted.interval < LEAST_MINUTES:
        return {"interval": f"A series runs at most every {LEAST_MINUTES} minutes."}
    longest = LONGEST_INTERVAL * (60 if wanted.every is Every.MINUTES else 1)
    fine = 1 <= wanted.interval <= longest
    return {} if fine else {"interval": f"Write a number from 1 to {longest:,}."}


def _cron_problem(written: str) -> dict[str, str]:
    try:
        minutes = read_cron(written).minutes
    except ValueError as error:
        return {"cron": str(error)}
    around = zip(minutes, (*minutes[1:], minutes[0] + 60), strict=True)
    if any(later - earlier < LEAST_MINUTES for earlier, later in around):
        return {"cron": f"Leave at least {LEAST_MINUTES} minutes between two runs."}
    return {}


def _weekday_problem(wanted: Recurrence) -> dict[str, str]:
    if any(day not in range(7) for day in wanted.weekdays):
        return {"weekdays": "Choose days of the week."}
    if wanted.nth and wanted.nth not in NTHS:
        return {"nth": "Choose the first, second, third, fourth or last."}
    if wanted.every is Every.MONTHS and wanted.nth and len(wanted.weekdays) != 1:
        return {"weekdays": "Choose the one weekday of the month on which it runs."}
    return {}


def _is_date(written: str) -> bool:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return False
    return found.tzinfo is None and datetime(2000, 1, 1) <= found < datetime(2200, 1, 1)  # noqa: DTZ001


def _is_range(opens: str, closes: str) -> bool:
    if not opens and not closes:
        return True
    try:
        begins, ends = (datetime.strptime(one, "%H:%M").replace(tzinfo=UTC) for one in (opens, closes))
    except ValueError:
        return False
    return len(opens) == len(closes) == 5 and begins < ends


PLANNED = {Every.MINUTES: _elapsed, Every.CRON: _by_cron}
