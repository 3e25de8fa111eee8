"""When a call is tried again. Pure.

The rule: a call that is not taken is tried again, later and later, for three days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

FOR = timedelta(days=3)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600, 43200))


def next_try(tries: int, asked_at: datetime, now: datetime) -> datetime | None:
    """After so many tries in vain, the last of them `now`; None when the three days are over."""
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    return now + pause if now + pause <= asked_at + FOR else None
