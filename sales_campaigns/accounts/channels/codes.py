"""One-time codes that prove an address: what they look like, how long they live, how often they are mailed. Pure.

The rule: an address is verified by a mailed one-time code, expiring in an hour, throttled, hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(hours=1)
WINDOW = timedelta(hours=1)
PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
MOST_ASKED = 5
LENGTH = 8
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one


@dataclass(frozen=True, slots=True)
class Asked:
    """What was mailed to one address. Times are machine time; `hashed` is "" where no code is good any more."""

    hashed: str
    attempts: int
    asked: int
    asked_from: datetime
    asked_at: datetime


def as_shown(code: str) -> str:
    """In two halves, as it is mailed."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def as_typed(typed: str) -> str:
    """Without what was typed around it: case, spaces and hyphens do not matter."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def trouble_with(asked: Asked, hashed: str, now: datetime) -> str:
    """Why the code of this hash proves nothing; "" where it does."""
    if not asked.hashed or now >= asked.asked_at + LIFETIME:
        return "This code is no longer good: it lives for an hour and works once. Ask for another one."
    if asked.attempts >= MOST_ATTEMPTS:
        return "That were five wrong codes, so this one is no longer good. Ask for another one."
    return "" if hashed == asked.hashed else "This is not the code that was mailed last. Look once more."


def too_often(asked: Asked | None, of_all: int, now: datetime) -> str:
    """Why no other code is mailed now; "" where it is. `of_all`: codes mailed for this user in the last hour."""
    if of_all >= MOST_ASKED:
        return "Five codes were mailed within the hour. Wait an hour, and look among your unwanted mail meanwhile."
    if asked is not None and now < asked.asked_at + PAUSE:
        return "A code was mailed a moment ago. Wait a minute before you ask for another one."
    return ""
