"""What a server answered, from its words."""

from __future__ import annotations

import re

from sales_campaigns.messages.feedback.qualifying import Answered

_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"(?<![\d.])[245]\d\d(?![\d.])")


def answer_of(tried: str) -> Answered:
    """A text as a server writes it: its codes are read out of it."""
    enhanced, code = _ENHANCED.search(tried), _CODE.search(tried)
    return Answered(int(code[0]) if code else None, enhanced[0] if enhanced else "", tried)
