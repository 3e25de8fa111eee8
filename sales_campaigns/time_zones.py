"""The time zones there are: every name of the IANA database that this installation carries. Pure."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

# Names of the database's files that are no place: what this machine's clock shows, and what it shows before it is set.
NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


@cache
def zone_names() -> frozenset[str]:
    """Asked of the database once a process: it walks some six hundred files, which a form would wait for."""
    return frozenset(available_timezones()) - NO_PLACES
