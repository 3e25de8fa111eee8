"""The form of a recurrence, of a series and of a continuous delivery alike: from what is typed to a value."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from werkzeug.datastructures import MultiDict

from sales_campaigns.deliveries.recurrence import NTHS, Every, Recurrence
from sales_campaigns.deliveries.runs import Aggregation
from sales_campaigns.errors import Invalid
from web.numbers import whole

LABELS = {
    "every": "Unit",
    "interval": "Every",
    "weekdays": "On these days",
    "nth": "In the month",
    "cron": "Cron rule",
    "first": "First run",
    "zone": "Time zone",
    "until": "Last date",
    "runs": "Number of runs",
    "opens": "Not before",
    "closes": "Not after",
    "aggregation": "Grouped by",
    "asks": "Confirmation",
}
TYPED = ("every", "interval", "nth", "cron", "first", "zone", "until", "runs", "opens", "closes")
EVERY_OPTIONS = [
    (Every.MINUTES.value, "minutes"),
    (Every.DAYS.value, "days"),
    (Every.WEEKS.value, "weeks"),
    (Every.MONTHS.value, "months"),
    (Every.CRON.value, "as a cron rule says"),
]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY_OPTIONS = list(enumerate(WEEKDAYS))
NTH_WORDS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
NTH_OPTIONS = [(0, "on the day of the first run"), *((nth, f"on the {NTH_WORDS[nth]}") for nth in NTHS)]
AGGREGATION_OPTIONS = [
    (Aggregation.NONE.value, "each run by itself"),
    *((one.value, f"by {one.value}") for one in Aggregation if one is not Aggregation.NONE),
]


def blank(zone: str) -> dict[str, Any]:
    return {"every": Every.WEEKS.value, "interval": 1, "nth": 0, "zone": zone, "weekdays": []}


def as_typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """The form as it was sent, for showing it again: nothing typed is lost."""
    return {**form.to_dict(), "weekdays": form.getlist("weekdays")}


def shown(rule: Recurrence) -> dict[str, Any]:
    """What the form of this rule shows."""
    return {
        **asdict(rule),
        "every": rule.every.value,
        "runs": rule.runs or "",
        "weekdays": list(rule.weekdays),
    }


def recurrence_of(form: MultiDict[str, str]) -> Recurrence:
    """Raises Invalid by field for what cannot even be read; what it means is checked by the use case."""
    typed = {name: form.get(name, "").strip() for name in TYPED}
    if typed["every"] not in set(Every):
        raise Invalid({"every": "Choose minutes, days, weeks, months or a cron rule."})
    every = Every(typed["every"])
    return Recurrence(
        every=every,
        interval=1 if every is Every.CRON else _number("interval", typed["interval"]),
        first=typed["first"],
        zone=typed["zone"],
        until=typed["until"],
        runs=_number("runs", typed["runs"] or "0"),
        opens=typed["opens"],
        closes=typed["closes"],
        **_days(form, every, typed),
    )


def aggregation_of(form: MultiDict[str, str]) -> Aggregation:
    written = form.get("aggregation", "")
    return Aggregation(written) if written in set(Aggregation) else Aggregation.NONE


def _days(form: MultiDict[str, str], every: Every, typed: dict[str, str]) -> dict[str, Any]:
    """Only what belongs to the unit: days that were ticked for another one are no part of the rule."""
    if every is Every.CRON:
        return {"cron": typed["cron"]}
    chosen = tuple(sorted(set(form.getlist("weekdays", type=whole))))
    nth = {str(one): one for one in NTHS}.get(typed["nth"], 0)
    if every is Every.MONTHS and nth:
        return {"weekdays": chosen, "nth": nth}
    return {"weekdays": chosen} if every is Every.WEEKS else {}


def _number(name: str, written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 7):
        raise Invalid({name: "Write a whole number."})
    return int(written)
