"""What a person decides about a delivery: audience, schedule and settings, as values, and the hash over all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sales_campaigns.deliveries.waves import Wave


class StartBy(StrEnum):
    """Who starts it once it is prepared."""

    PERSON = "person"
    NO_WARNING = "no_warning"
    NO_ERROR = "no_error"


START_WORDS = {
    StartBy.PERSON: "A person confirms it",
    StartBy.NO_WARNING: "By itself when preparing gives no warning",
    StartBy.NO_ERROR: "By itself when preparing gives no error",
}


class Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody of the team, or those who a search finds, are in a group, or were named. `owner` 0 is anybody."""

    everybody: bool = False
    words: str = ""
    owner: int = 0
    groups: tuple[int, ...] = ()
    people: tuple[int, ...] = ()

    @property
    def searches(self) -> bool:
        return bool(self.words or self.owner)

    @property
    def is_nobody(self) -> bool:
        return not (self.everybody or self.searches or self.groups or self.people)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The contact date: `at` is the wall clock of `zone`, ISO 8601, "" for at once; or of each recipient's zone."""

    at: str = ""
    zone: str = "UTC"
    theirs: bool = False
    ask_again: bool = False

    @property
    def instant(self) -> datetime | None:
        """When the clocks of `zone` show it (RFC 5545 in gaps and overlaps); None for at once."""
        return instant_in(self.at, self.zone) if self.at else None


@dataclass(frozen=True, slots=True)
class Settings:
    """`validity_hours` from the contact date; `waves` none for all at once; `utm` is a query added to links;
    `typology` "" for the rules that hold for everything.
    """

    validity_hours: int = 120
    priority: Priority = Priority.NORMAL
    start_by: StartBy = StartBy.PERSON
    waves: tuple[Wave, ...] = ()
    opens: bool = True
    clicks: bool = True
    utm: str = ""
    typology: str = ""

    @property
    def validity(self) -> timedelta:
        return timedelta(hours=self.validity_hours)


def instant_in(wall: str, zone: str) -> datetime:
    """A local time that does not exist moves forward by the gap; one that exists twice is the first."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def seconds_later(schedule: Schedule, zone: str) -> int:
    """How much later than the start this zone's clocks show the contact date; negative east of it."""
    if not (schedule.at and schedule.theirs and zone):
        return 0
    start = instant_in(schedule.at, schedule.zone)
    return int((instant_in(schedule.at, zone) - start).total_seconds())


def stored(value: Audience | Schedule | Settings) -> dict[str, Any]:
    """As a column of JSON."""
    return asdict(value)


def audience_from(row: Mapping[str, Any]) -> Audience:
    lists = {name: tuple(row.get(name, ())) for name in ("groups", "people")}
    return Audience(**{**row, **lists})


def schedule_from(row: Mapping[str, Any]) -> Schedule:
    return Schedule(**row)


def settings_from(row: Mapping[str, Any]) -> Settings:
    waves = tuple(Wave(**wave) for wave in row.get("waves", ()))
    known = {name: value for name, value in row.items() if name != "waves"}
    if known:
        known["priority"] = Priority(known["priority"])
        known["start_by"] = StartBy(known["start_by"])
    return Settings(**known, waves=waves)


def digest(parts: Mapping[str, Any]) -> str:
    """The same for the same inputs only."""
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
