"""The time zones there are: every name of the IANA database that this installation carries. Pure."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """Asked of the database once a process: it walks some six hundred files, which a form would wait for."""
    return frozenset(available_timezones())
