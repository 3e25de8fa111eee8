"""Wall-clock time and instants. The only place where one becomes the other.

The rule (RFC 5545, section 3.3.5): a local time that does not exist moves forward by the length of the gap;
one that exists twice is the first of the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from sales_campaigns.errors import Invalid
from sales_campaigns.time_zones import zone_names


def refuse_unknown_zone(name: str, field: str = "zone") -> None:
    if name not in zone_names():
        raise Invalid({field: f"“{name}” is no time zone. Choose one such as Europe/Stockholm."})


@cache
def zone_info(name: str) -> ZoneInfo:
    refuse_unknown_zone(name)
    return ZoneInfo(name)


@lru_cache(maxsize=65536)
def resolve(wall: datetime, zone: str) -> datetime:
    """The instant (aware, UTC) at which the clocks of `zone` show the naive `wall`."""
    # fold=0 is the first of two; inside a gap it counts with the offset before the gap, which lands after the
    # gap by exactly its length.
    return wall.replace(tzinfo=zone_info(zone), fold=0).astimezone(UTC)


@lru_cache(maxsize=65536)
def wall_clock(instant: datetime, zone: str) -> datetime:
    """What the clocks of `zone` show at `instant`, aware."""
    return instant.astimezone(zone_info(zone))


def naive_wall_clock(instant: datetime, zone: str) -> datetime:
    return wall_clock(instant, zone).replace(tzinfo=None, fold=0)


def aware(wall: datetime, zone: str) -> datetime:
    """The naive `wall` with the zone's offset; one that does not exist carries the offset before the gap."""
    return wall.replace(tzinfo=zone_info(zone), fold=0)


def span_of(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The midnights around whole days: from the beginning of `first` to the end of `last`, both included."""
    begins, ends = (datetime.combine(day, time(0)) for day in (first, last + timedelta(days=1)))
    return resolve(begins, zone), resolve(ends, zone)


def to_the_second(instant: datetime) -> datetime:
    """The rule: planning knows whole seconds only."""
    return instant.astimezone(UTC).replace(microsecond=0)
