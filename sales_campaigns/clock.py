"""Two clocks. Business time (due, planning, lateness) may be virtual or sped up; machine time never is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


def machine_now() -> datetime:
    """The real instant, for leases, sessions, tokens and timeouts. Aware, UTC."""
    return datetime.now(UTC)


def machine_seconds() -> float:
    """Seconds on a clock that never goes back, for durations."""
    return time.monotonic()


class Clock(Protocol):
    """Business time."""

    @property
    def real(self) -> bool:
        """True when business time is the real time, so that the database may be asked for it."""
        ...

    @property
    def speed(self) -> float:
        """Business seconds in a real second; undo times are scaled by it, so that a person has time to act."""
        ...

    def now(self) -> datetime: ...


class SystemClock:
    real = True
    speed = 1.0

    def now(self) -> datetime:
        return machine_now()


class SpedUpClock:
    """Runs `speed` times as fast as the real time, counted from the pair (real, business) that `anchor` gives.

    The anchor is asked for once, at the first reading: it is a row of the database, so that a second start
    goes on where the first one was.
    """

    real = False

    def __init__(self, speed: float, anchor: Callable[[], tuple[datetime, datetime]]) -> None:
        self.speed = speed
        self._anchor = anchor
        self._anchored: tuple[datetime, datetime] | None = None

    def now(self) -> datetime:
        self._anchored = self._anchored or self._anchor()
        real, business = self._anchored
        return business + (machine_now() - real) * self.speed


class VirtualClock:
    """Stands still until it is moved: stories, rehearsals and tests fast-forward weeks in milliseconds."""

    real = False
    speed = 1.0

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock needs an aware start")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError("time does not go back")
        self._now = instant.astimezone(UTC)

    def forward(self, by: timedelta) -> None:
        self.move_to(self._now + by)
