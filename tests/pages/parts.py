"""What a page says, and comparing the part that htmx gets with the page that holds it."""

from __future__ import annotations

import re
from html import unescape


def plain(html: str) -> str:
    """Without the CSRF tokens, which carry the second they were made in."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html).strip()


def text(html: str) -> str:
    """What a person reads, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
