"""How often one token may ask: a bucket that fills evenly, in the memory of each web process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sales_campaigns.clock import machine_seconds

REMEMBERED = 10_000  # tokens; the one that asked longest ago is forgotten first


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether this request may pass, and what the caller is told."""

    passes: bool
    limit: int
    left: int
    seconds: int

    @property
    def headers(self) -> Mapping[str, str]:
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.seconds),
        }
        return told if self.passes else {**told, "Retry-After": str(self.seconds)}


class Rates:
    """Safe for many threads."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._known: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, token_id: int) -> Allowance:
        """One request of this token. `seconds` until there is room for one, or until there is room for all."""
        now, most = machine_seconds(), float(self._a_minute)
        with self._lock:
            level, since = self._known.pop(token_id, (most, now))
            level = min(most, level + (now - since) * most / 60)
            passes = level >= 1
            level -= passes
            self._known[token_id] = (level, now)
            while len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))
        missing = most - level if passes else 1 - level
        return Allowance(passes, self._a_minute, int(level), -int(-missing * 60 // most))
