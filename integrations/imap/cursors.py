"""How far each folder was read, as one line of text. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple


class Mark(NamedTuple):
    """`uid` is the highest that was read while the folder had this UIDVALIDITY (RFC 3501 section 2.3.1.1)."""

    validity: int
    uid: int


Cursor = dict[str, Mark]


def read_cursor(text: str) -> Cursor:
    """An unreadable cursor is an empty one: everything is read again, as far back as that goes."""
    try:
        return {str(folder): Mark(int(mark[0]), int(mark[1])) for folder, mark in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return {}


def write_cursor(cursor: Cursor) -> str:
    return json.dumps({folder: list(mark) for folder, mark in cursor.items()}, ensure_ascii=True)
