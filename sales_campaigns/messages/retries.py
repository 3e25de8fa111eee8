"""When a mail that was refused for now is tried again: five times on the first day, then daily, until it is invalid."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_DAY = 5
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def next_retry(refusals: int, refused_at: datetime, valid_until: datetime) -> datetime | None:
    """The instant of the next attempt after `refusals` refusals, or None when validity ends before it."""
    again = refused_at + (HOUR if refusals <= FIRST_DAY else DAY)
    return again if again < valid_until else None
