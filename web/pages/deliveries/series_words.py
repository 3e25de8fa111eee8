"""How a series is spoken of: its rhythm in one sentence, and what became of a run."""

from __future__ import annotations

from datetime import date

from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.deliveries.runs import RunOutcome
from web.filters import day_words, wall_words, zone_words
from web.pages.deliveries.series_form import NTH_WORDS, WEEKDAYS

OUTCOMES = {
    RunOutcome.MADE: ("Made", "ok"),
    RunOutcome.SKIPPED: ("Skipped", "hot"),
    RunOutcome.MISSED: ("Missed", "bad"),
}
_ONE = {Every.MINUTES: "minute", Every.DAYS: "day", Every.WEEKS: "week", Every.MONTHS: "month"}


def rhythm_words(rule: Recurrence) -> str:
    """Every 2 weeks on Monday and Thursday from Tue 1 Dec 2026 09:00, Stockholm time, 52 times."""
    parts = [f"{_how_often(rule)} from {wall_words(rule.first)}, {zone_words(rule.zone)} time"]
    if rule.runs:
        parts.append(f"{rule.runs} times" if rule.runs > 1 else "once")
    if rule.until:
        parts.append(f"until {day_words(date.fromisoformat(rule.until))} {rule.until[:4]}")
    if rule.opens:
        parts.append(f"only from {rule.opens} to {rule.closes}")
    return ", ".join(parts)


def _how_often(rule: Recurrence) -> str:
    if rule.every is Every.CRON:
        return f"By the cron rule {rule.cron}"
    unit = f"{rule.interval} {rule.every.value}" if rule.interval > 1 else _ONE[rule.every]
    days = _listed([WEEKDAYS[day] for day in rule.weekdays])
    if rule.nth:
        return f"Every {unit} on the {NTH_WORDS[rule.nth]} {days}"
    return f"Every {unit} on {days}" if days else f"Every {unit}"


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
