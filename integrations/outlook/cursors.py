"""How far a mailbox was read: for each folder the link at which Graph goes on. One line of text. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping


def read_cursor(text: str) -> dict[str, str]:
    """An unreadable cursor is an empty one: the mailbox is read again, as far back as that goes."""
    try:
        return {str(folder): str(link) for folder, link in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def write_cursor(links: Mapping[str, str]) -> str:
    return json.dumps(dict(links))
