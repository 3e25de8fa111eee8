"""Days as an assignee sees them: where today begins and ends in each zone, and what a snooze means there."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(9)


def start_of_day(now: datetime, zone: str, days: int = 0) -> datetime:
    """Local midnight of the day that is so many days after today in `zone`."""
    return at_local(local_date(now, zone) + timedelta(days=days), time(0), zone)


def local_date(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def at_local(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone))


def snooze_choices(now: datetime, zone: str) -> tuple[tuple[str, datetime], ...]:
    """(label, instant) for the quick choices; mornings are 09:00 in `zone`."""
    today = local_date(now, zone)
    mornings = {
        "Tomorrow": today + timedelta(days=1),
        "In 3 days": today + timedelta(days=3),
        "Next week": today + timedelta(days=7 - today.weekday()),
    }
    later = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    return ("In 1 hour", later), *((label, at_local(day, MORNING, zone)) for label, day in mornings.items())


def days_late(due_at: datetime, now: datetime, zone: str) -> int:
    """Whole local days since the day it was due; 0 on that day and before it."""
    return max((local_date(now, zone) - local_date(due_at, zone)).days, 0)
