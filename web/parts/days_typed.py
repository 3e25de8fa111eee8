"""Days as an address names them: today, tomorrow, the next or the last seven, or between two dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sales_campaigns.tasks.days import at_local, start_of_day

Bounds = tuple[datetime | None, datetime | None]
# name → (first day, day after the last), counted from today
DAYS = {
    "today": (0, 1),
    "tomorrow": (1, 2),
    "both": (0, 2),
    "week": (0, 7),
    "yesterday": (-1, 0),
    "last": (-7, 1),
    "month": (-30, 1),
}


def bounds_in(args: Mapping[str, str], now: datetime, zone: str) -> Bounds:
    """From `due`, or `from` and `to`: the first instant and the one after the last; None where it is open."""
    known = DAYS.get(args.get("due", ""))
    if known is not None:
        return start_of_day(now, zone, known[0]), start_of_day(now, zone, known[1])
    since, until = _day(args.get("from", "")), _day(args.get("to", ""))
    return _midnight(since, zone), _midnight(until + timedelta(days=1) if until else None, zone)


def _midnight(day: date | None, zone: str) -> datetime | None:
    return at_local(day, time(0), zone) if day is not None else None


def _day(written: str) -> date | None:
    """None for what is no date, or one that no calendar of ours reaches."""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None
