"""How a mailbox catches up: evenly, in an order that is nobody's advantage, and never faster than it may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from zlib import crc32

QUICKEST = timedelta(seconds=15)
WORKING_DAY = timedelta(hours=8)


def gap(daily_limit: int) -> timedelta:
    """Between two mails: a mailbox that may send so many a day takes a working day for as many."""
    return max(QUICKEST, WORKING_DAY / max(daily_limit, 1))


def turn(occasion: int, step_key: str | None) -> int:
    """Where a mail stands in the queue. The rule: derived from the enrollment and step, nothing is random."""
    return crc32(f"{occasion}:{step_key or ''}".encode())


def spread(
    mails: Iterable[tuple[int, int, str | None]], between: timedelta
) -> Iterator[tuple[int, timedelta]]:
    """(id, how long after now) for mails (id, occasion, step key): the first leaves at once."""
    queue = sorted(mails, key=lambda mail: (turn(mail[1], mail[2]), mail[0]))
    return ((id, place * between) for place, (id, *_) in enumerate(queue))
