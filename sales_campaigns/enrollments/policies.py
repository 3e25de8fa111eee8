"""What a campaign's settings decide for the people in it. Pure: a version's settings in, a value out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LATE_LIMIT = "4h"
LATE_THEN = "next_slot"


def late_limit(settings: Mapping[str, Any]) -> timedelta | None:
    """How late a mail may leave without being asked about; None when it is sent however late it is."""
    late = settings.get("late") or {}
    if late.get("then", LATE_THEN) == "send":
        return None
    return duration(late.get("limit", LATE_LIMIT))


def late_then(settings: Mapping[str, Any]) -> str:
    """next_slot, skip, ask or send."""
    return str((settings.get("late") or {}).get("then", LATE_THEN))


def ends_on_bounce(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("remove_on_bounce", True))


def in_recipients_zone(settings: Mapping[str, Any]) -> bool:
    return settings.get("timezone", "sender") == "recipient"


def duration(words: str) -> timedelta:
    """“4h”, “30m” or “2d” as the campaign file writes it."""
    return timedelta(**{UNITS[words[-1]]: float(words[:-1])})
