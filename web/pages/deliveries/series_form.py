"""The form of a series: from what is typed to a recurrence."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.errors import Invalid

LABELS = {
    "every": "Unit",
    "interval": "Every",
    "first": "First run",
    "zone": "Time zone",
    "until": "Last date",
    "runs": "Number of runs",
    "opens": "Not before",
    "closes": "Not after",
}
EVERY_OPTIONS = [(one.value, one.value) for one in Every]


def blank(zone: str) -> dict[str, Any]:
    return {"every": Every.WEEKS.value, "interval": 1, "zone": zone}


def recurrence_of(form: MultiDict[str, str]) -> Recurrence:
    """Raises Invalid by field for what cannot even be read; what it means is checked by the use case."""
    typed = {name: form.get(name, "").strip() for name in LABELS}
    if typed["every"] not in set(Every):
        raise Invalid({"every": "Choose minutes, days, weeks or months."})
    return Recurrence(
        every=Every(typed["every"]),
        interval=_number("interval", typed["interval"]),
        first=typed["first"],
        zone=typed["zone"],
        until=typed["until"],
        runs=_number("runs", typed["runs"] or "0"),
        opens=typed["opens"],
        closes=typed["closes"],
    )


def _number(name: str, written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 7):
        raise Invalid({name: "Write a whole number."})
    return int(written)
