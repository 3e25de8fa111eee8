"""The names of time zones: those of the IANA database that this installation carries."""

from __future__ import annotations

from functools import cache

from sales_campaigns import time_zones
from sales_campaigns.errors import Invalid


@cache
def zone_names() -> tuple[str, ...]:
    """Every name that a person may choose, sorted."""
    return tuple(sorted(time_zones.zone_names()))


def check_zone(raw: str) -> str:
    """The right spelling of a zone, empty for an empty cell. Raises Invalid({"zone": words})."""
    name = raw.strip()
    if not name:
        return ""
    found = _spellings().get(name.casefold().replace(" ", "_"))
    if found is None:
        raise Invalid({"zone": f"“{name[:80]}” is not a time zone: use a name such as Europe/Stockholm."})
    return found


@cache
def _spellings() -> dict[str, str]:
    return {name.casefold(): name for name in zone_names()}
