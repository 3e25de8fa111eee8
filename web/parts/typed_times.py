"""Instants as people type and choose them: a local date and time of a zone, or an instant of a quick choice."""

from __future__ import annotations

from datetime import UTC, datetime

from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.errors import Invalid


def instant_of(written: str, zone: str, field: str) -> datetime:
    """ISO 8601; without an offset it is a local time of `zone`, and one in a gap moves forward. Raises Invalid."""
    try:
        found = datetime.fromisoformat(written.strip())
        return found.astimezone(UTC) if found.tzinfo else resolve(found, zone)
    except (ValueError, OverflowError):
        raise Invalid({field: "Write a date and a time, such as 2026-12-01 09:00."}) from None
