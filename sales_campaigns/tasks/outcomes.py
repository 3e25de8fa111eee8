"""What came of a call, as the rep picks it."""

from __future__ import annotations

CALL_OUTCOMES = (
    "Reached: interested",
    "Reached: call again",
    "Reached: not interested",
    "Left a message",
    "No answer",
    "Wrong number",
)
