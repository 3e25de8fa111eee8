"""What a check-up has found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    FINE = "fine"
    NOTE = "note"  # works, and could be better
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is in `words`, and what to do about it, "" where nothing is to be done."""

    what: str
    grade: Grade
    words: str
    fix: str = ""


def fine(what: str, words: str) -> Finding:
    return Finding(what, Grade.FINE, words)


def note(what: str, words: str, fix: str) -> Finding:
    return Finding(what, Grade.NOTE, words, fix)


def broken(what: str, words: str, fix: str) -> Finding:
    return Finding(what, Grade.BROKEN, words, fix)
