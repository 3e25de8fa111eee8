"""Values in SOQL: quoted text, instants, and names that are names."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sales_campaigns.errors import Invalid

_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,79}$")


def quoted(text: str) -> str:
    return f"'{text.translate(_ESCAPED)}'"


def instant_words(at: datetime) -> str:
    """An instant is written without quotation marks, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def names_checked(name: str) -> str:
    """A name of a field goes into a query as it is. Raises Invalid for what is none."""
    if not _NAME.match(name):
        raise Invalid({"names": f"“{name[:80]}” is no name of a field."})
    return name
