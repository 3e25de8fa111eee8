"""When a mail that was refused for now is tried again: five times on the first day, then daily, until it is invalid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryRule:
    """`first_day` retries that are `minutes` apart, then one every `hours`."""

    first_day: int = 5
    minutes: int = 60
    hours: int = 24


USUAL = RetryRule()


def next_retry(
    refusals: int, refused_at: datetime, valid_until: datetime, rule: RetryRule = USUAL
) -> datetime | None:
    """The instant of the next attempt after `refusals` refusals, or None when validity ends before it."""
    early = refusals <= rule.first_day
    again = refused_at + (timedelta(minutes=rule.minutes) if early else timedelta(hours=rule.hours))
    return again if again < valid_until else None
