"""Where the next page begins: a value of the list, written so that nobody is tempted to build one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sales_campaigns.errors import Invalid
from web.api.protocol.shapes import Page

Row = TypeVar("Row")
Out = TypeVar("Out")


def written(value: Any) -> str | None:
    """None where there is no next page. `value` is a text, a number or a list of them."""
    if value in ("", None):
        return None
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read(after: str, *kinds: type) -> Any:
    """What `written` was given, or None for nothing. Raises Invalid for what is none of these kinds."""
    if not after:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (binascii.Error, ValueError):
        raise _refusal() from None
    parts = value if isinstance(value, list) else [value]
    if len(parts) != len(kinds) or not all(_fits(*pair) for pair in zip(parts, kinds, strict=True)):
        raise _refusal()
    return value


def instant(written: str) -> datetime:
    """A part of a cursor that is an instant. Raises Invalid."""
    try:
        found = datetime.fromisoformat(written)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _refusal() from None


def short_list(
    rows: Iterable[Row], key: Callable[[Row], int], shown: Callable[[Row], Out], after: str, limit: int
) -> Page[Out]:
    """A page of a list that is never long, by the number that `key` gives."""
    since = read(after, int) or 0
    beyond = sorted((row for row in rows if key(row) > since), key=key)
    page = beyond[:limit]
    more = written(key(page[-1])) if len(beyond) > limit else None
    return Page[Any](items=[shown(row) for row in page], after=more)


def _fits(value: Any, kind: type) -> bool:
    """JSON knows no limit for numbers, the databases do."""
    return type(value) is kind and value != "" and (not isinstance(value, int) or 0 <= value < 2**62)


def _refusal() -> Invalid:
    return Invalid({"after": "This is not a cursor of this list."})
