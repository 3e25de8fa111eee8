"""The history of a task in words: one sentence a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sales_campaigns.tasks.history import ChangeLine
from web.filters import when_words

FIELDS = {
    "name": "what is to be done",
    "details": "the remarks",
    "kind": "the type",
    "person_id": "the person",
    "due_at": "the due date",
    "assignee_id": "who has it",
    "priority": "the priority",
}


def change_words(line: ChangeLine, zone: str) -> dict[str, Any]:
    """{words, at}: who did what, with the old and the new time of a snooze."""
    said = SENTENCES.get(line.change.what, _plain)(line, zone)
    return {"words": f"{line.actor} {said}", "at": line.change.at}


def _snoozed(line: ChangeLine, zone: str) -> str:
    before, after = line.before.get("snoozed_until"), line.after["snoozed_until"]
    once = f", before until {when_words(before, zone)}" if before else ""
    return f"snoozed it until {when_words(after, zone)}{once}"


def _moved(line: ChangeLine, zone: str) -> str:
    return (
        f"moved it from {when_words(line.before['due_at'], zone)} to {when_words(line.after['due_at'], zone)}"
    )


def _edited(line: ChangeLine, _zone: str) -> str:
    names = [words for name, words in FIELDS.items() if name in line.after]
    return f"changed {', '.join(names)}"


def _ended(line: ChangeLine, _zone: str) -> str:
    outcome = f": {line.change.after}" if line.change.after else ""
    return {"completed": "completed it", "skipped": "skipped it"}.get(
        line.change.what, "deleted it"
    ) + outcome


def _plain(line: ChangeLine, _zone: str) -> str:
    return line.change.what


SENTENCES: dict[str, Callable[[ChangeLine, str], str]] = {
    "snoozed": _snoozed,
    "due": _moved,
    "assigned": lambda line, _: f"gave it to {line.assignee}",
    "priority": lambda line, _: f"set it to {line.after['priority'].value} priority",
    "edited": _edited,
    "synced": lambda line, zone: f"{_edited(line, zone)}, in the CRM",
    "completed": _ended,
    "skipped": _ended,
    "deleted": _ended,
}
