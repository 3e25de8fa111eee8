"""The incremental query of a continuous delivery, as a value: whom each run takes, and when it runs.

The rules: it excludes who was already taken, or takes who changed since the last run (field ≥ last run instant, shown
and editable). An increment over its ceiling, 1,000 people or three times the largest so far, waits for a confirmation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sales_campaigns.deliveries.inputs import instant_in
from sales_campaigns.deliveries.recurrence import Recurrence, problems_of, recurrence_from

CEILING = 1_000  # people
MOST_CEILING = 10_000_000
TIMES_THE_LARGEST = 3
# A transaction that is still being written may hold earlier instants than now: the next run sees them.
UNSETTLED = timedelta(minutes=1)
CUSTOM = "custom:"


class Mode(StrEnum):
    """Whom a run takes."""

    NEW = "new"
    CHANGED = "changed"


class PersonDate(StrEnum):
    """The dates of a person that a run may look at; beside them any custom field, as `custom:NAME`."""

    CREATED = "created"
    UPDATED = "updated"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Incremental:
    """`field` and `since` (a wall clock of the recurrence's zone) are read in the mode *changed* only."""

    mode: Mode
    recurrence: Recurrence
    field: str = PersonDate.UPDATED.value
    since: str = ""
    ceiling: int = CEILING

    @property
    def begins(self) -> datetime:
        """The instant from which the first run looks."""
        return instant_in(self.since or self.recurrence.first, self.recurrence.zone)

    @property
    def custom_field(self) -> str:
        """The name of the custom field, "" for a date that every person has."""
        return self.field.removeprefix(CUSTOM) if self.field.startswith(CUSTOM) else ""


def settled(now: datetime) -> datetime:
    """Up to when a run at `now` looks; the next one goes on from there, so that no change falls between two."""
    return now - UNSETTLED


def ceiling_of(wanted: Incremental, largest: int) -> int:
    """How many people an increment may hold before somebody is asked."""
    return max(wanted.ceiling, TIMES_THE_LARGEST * largest)


def incremental_problems(wanted: Incremental) -> dict[str, str]:
    """What is wrong with it, by field."""
    problems = problems_of(wanted.recurrence)
    if not 1 <= wanted.ceiling <= MOST_CEILING:
        problems["ceiling"] = f"Write a number of people from 1 to {MOST_CEILING:,}."
    if wanted.mode is Mode.NEW:
        return problems
    if wanted.field not in set(PersonDate) and not wanted.custom_field.strip():
        problems["field"] = "Choose the date that is looked at."
    if not _is_wall(wanted.since):
        problems["since"] = "Choose the date and time from which the first run looks."
    return problems


def stored_incremental(wanted: Incremental) -> dict[str, Any]:
    """As a column of JSON."""
    return asdict(wanted)


def incremental_from(row: Mapping[str, Any]) -> Incremental | None:
    """None where the delivery has no incremental query."""
    if not row:
        return None
    known = {"mode": Mode(row["mode"]), "recurrence": recurrence_from(row["recurrence"])}
    return Incremental(**{**row, **known})


def _is_wall(written: str) -> bool:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return False
    return found.tzinfo is None and 1900 <= found.year < 2200
