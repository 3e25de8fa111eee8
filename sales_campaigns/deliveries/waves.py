"""Waves: a delivery that leaves in parts. How large each is, when it leaves, and whether the last one still counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from sales_campaigns.errors import Invalid

MOST = 100


@dataclass(frozen=True, slots=True)
class Wave:
    """`percent` of the recipients, `after` seconds from the start of the delivery."""

    percent: int
    after: int


def equal_waves(percent: int, every: timedelta) -> tuple[Wave, ...]:
    """The rule: 30 % gives 30/30/30/10. Raises Invalid by field."""
    if not 1 <= percent <= 100:
        raise Invalid({"wave_percent": "A wave is from 1 to 100 percent of the recipients."})
    if every < timedelta(minutes=15):
        raise Invalid({"wave_hours": "Leave at least a quarter of an hour between two waves."})
    step = int(every.total_seconds())
    whole, rest = divmod(100, percent)
    shares = [percent] * whole + ([rest] if rest else [])
    return tuple(Wave(share, place * step) for place, share in enumerate(shares))


def calendar_waves(entries: Sequence[tuple[int, timedelta]]) -> tuple[Wave, ...]:
    """Waves by (percent, time from the start), in order. Raises Invalid unless they make a hundred percent."""
    if len(entries) > MOST:
        raise Invalid({"wave_dates": f"Give at most {MOST} waves."})
    if any(share < 1 for share, _ in entries) or sum(share for share, _ in entries) != 100:
        raise Invalid({"wave_dates": "The waves together must be 100 percent, each at least 1."})
    if any(after < timedelta(0) for _, after in entries):
        raise Invalid({"wave_dates": "No wave can leave before the contact date."})
    ordered = sorted(entries, key=lambda entry: entry[1])
    return tuple(Wave(share, int(after.total_seconds())) for share, after in ordered)


def ends_of(waves: Sequence[Wave], recipients: int) -> list[int]:
    """For each wave, how many recipients have left with it and those before: the last is all of them."""
    return [-(-recipients * share // 100) for share in accumulate(wave.percent for wave in waves)]


def check_validity(waves: Sequence[Wave], latest_zone: int, validity: timedelta) -> str:
    """The rule: the last wave must fit the validity period. The words of the error, "" when it does.

    `latest_zone` is how many seconds later than the start the last recipients' zone is.
    """
    last = max((wave.after for wave in waves), default=0) + latest_zone
    if last < validity.total_seconds():
        return ""
    hours = last // 3600
    return (
        f"The last wave would leave {hours} h after the start, when the validity of"
        f" {int(validity.total_seconds()) // 3600} h is over. Lengthen the validity or bring the waves closer."
    )
