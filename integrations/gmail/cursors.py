"""How far a mailbox was read: its history id, or a page on the way to the next one. One line of text. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """`history`: everything before it was read. `page`: where the reading of what came after goes on.

    `until`: a bounded rescan is under way; when it is done, the history goes on from there.
    """

    history: str = ""
    page: str = ""
    until: str = ""


def read_cursor(text: str) -> Cursor:
    """An unreadable cursor is an empty one: the mailbox is read again, as far back as that goes."""
    try:
        return Cursor(**{name: str(value) for name, value in json.loads(text).items()})
    except (ValueError, TypeError, AttributeError):
        return Cursor()


def write_cursor(cursor: Cursor) -> str:
    return json.dumps({name: value for name, value in asdict(cursor).items() if value})
