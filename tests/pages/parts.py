"""Comparing the part that htmx gets with the page that holds it."""

from __future__ import annotations

import re
from html import unescape


def plain(html: str) -> str:
    """Without the CSRF tokens, which carry the second they were made in."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html).strip()


def words_of(html: str) -> str:
    """What a person reads of it: no mark-up, one space between words."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
