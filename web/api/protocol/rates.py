"""How often one token may ask: a bucket that fills evenly, in memory, or shared by all web processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.engine import Engine

from sales_campaigns.api_access.rates import take_together
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
    """In the memory of one process. Safe for many threads."""

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
        return _allowance(passes, level, self._a_minute)


class SharedRates:
    """The same for all processes together, kept by PostgreSQL."""

    def __init__(self, engine: Callable[[], Engine], a_minute: int) -> None:
        self._engine, self._a_minute = engine, a_minute

    def take(self, token_id: int) -> Allowance:
        """One request of this token."""
        return _allowance(*take_together(self._engine(), token_id, self._a_minute), self._a_minute)


def _allowance(passes: bool, level: float, a_minute: int) -> Allowance:
    missing = a_minute - level if passes else 1 - level
    return Allowance(passes, a_minute, int(level), -int(-missing * 60 // a_minute))
