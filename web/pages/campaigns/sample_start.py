"""The sample start of a preview: when somebody might launch, and in which zone the times are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.time_zones import zone_names


@dataclass(frozen=True, slots=True)
class SampleStart:
    """`typed` is the wall-clock time for a datetime-local field. `problem` says why the wish was not followed."""

    launched_at: datetime
    zone: str
    typed: str
    problem: str = ""


def sample_start(typed: Mapping[str, str], own_zone: str, now: datetime) -> SampleStart:
    """From the fields `start` and `zone`; now and the own zone where they are blank or make no sense."""
    zone, problem = typed.get("zone", "").strip() or own_zone, ""
    if zone not in zone_names():
        zone, problem = own_zone, f"“{zone}” is no time zone. Write one such as Europe/Stockholm."
    wall = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    written = typed.get("start", "").strip()
    try:
        wall = _wall(written) if written else wall
    except ValueError:
        problem = "Write a date from 2000 to 2100 and a time of day."
    return SampleStart(resolve(wall, zone), zone, f"{wall:%Y-%m-%dT%H:%M}", problem)


def _wall(written: str) -> datetime:
    wall = datetime.fromisoformat(written).replace(tzinfo=None)
    if not 2000 <= wall.year <= 2100:
        raise ValueError(f"out of range: {written}")
    return wall
