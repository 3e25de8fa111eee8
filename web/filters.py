"""Jinja filters: instants as a person reads them, in a named zone, with the weekday."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup, escape

from sales_campaigns.content.attachments import size_words
from sales_campaigns.people.models import Consent

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


CONSENT_WORDS = {
    Consent.CONSENT: "Consent",
    Consent.LEGITIMATE_INTEREST: "Legitimate interest",
    Consent.CONTRACT: "Contract",
    Consent.LEGAL_OBLIGATION: "Legal obligation",
    Consent.VITAL_INTEREST: "Vital interest",
    Consent.PUBLIC_INTEREST: "Public interest",
    Consent.OTHER: "Other",
}


def day_words(day: date) -> str:
    """Wed 2 Dec"""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def clock_words(instant: datetime, zone: str) -> str:
    """15:00"""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def when_words(instant: datetime, zone: str) -> str:
    """Wed 2 Dec 15:00"""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day_words(local)} {local:%H:%M}"


def wall_words(written: str) -> str:
    """Wed 2 Dec 2026 09:00, of a local time as a form writes it: 2026-12-02T09:00"""
    at = datetime.fromisoformat(written)
    return f"{day_words(at)} {at:%Y %H:%M}"


def zone_words(zone: str) -> str:
    """Europe/Stockholm → Stockholm"""
    return zone.rpartition("/")[2].replace("_", " ")


def when(instant: datetime | None, zone: str, *, named: bool = False) -> Markup:
    """`<time>` with weekday and local time; the title, and the text where `named`, tell the zone."""
    if instant is None:
        return Markup("–")
    local = instant.astimezone(ZoneInfo(zone))
    words = when_words(instant, zone) + (f" {zone_words(zone)}" if named else "")
    title = f"{day_words(local)} {local:%Y %H:%M:%S} {zone} ({local:%z})"
    # Every part is escaped here; the mark-up around them is ours.
    return Markup('<time datetime="{}" title="{}">{}</time>').format(instant.isoformat(), title, words)


def instant(written: str) -> datetime:
    """2026-11-30T14:00:00Z, as simulate prints it"""
    return datetime.fromisoformat(written)


def count_words(number: int, one: str, many: str | None = None) -> str:
    """1 person, 1,204 people"""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def consent_words(basis: Consent | None) -> str:
    """Legitimate interest; "" where none is noted"""
    return CONSENT_WORDS[basis] if basis else ""


def span_words(seconds: float) -> str:
    """0 s, 42 s, 3 min, 5 h 10 min, 2 days"""
    minutes, left = divmod(round(seconds), 60)
    hours, days = minutes // 60, minutes // 1440
    if minutes == 0:
        return f"{left} s"
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02d} min" if hours < 48 else count_words(days, "day")


def paragraphs(text: str) -> Markup:
    """Plain text with its line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        when=when,
        clock=clock_words,
        day=day_words,
        zone=zone_words,
        wall=wall_words,
        count_words=count_words,
        instant=instant,
        span=span_words,
        consent=consent_words,
        paragraphs=paragraphs,
        size_words=size_words,
    )
