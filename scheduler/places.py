"""How many are worked for at a time, where a server that never answers must not take the place of others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sales_campaigns.clock import machine_seconds

PATIENCE = 5.0  # seconds that a server may take over mails before others come in between


class Places:
    """`count` places. Whoever has been waiting for a server for longer than PATIENCE gives its own up until it is
    answered, so that a process that is killed has no more than those and the slow ones in hand.
    """

    def __init__(self, count: int, patience: float = PATIENCE) -> None:
        self._free = threading.Semaphore(count)
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: dict[object, float] = {}

    @contextmanager
    def taken(self) -> Iterator[None]:
        with self._free:
            yield

    @contextmanager
    def outside(self) -> Iterator[None]:
        """While a server is waited for, by whoever has a place."""
        me = object()
        with self._lock:
            self._waiting[me] = machine_seconds()
        try:
            yield
        finally:
            with self._lock:
                given_up = self._waiting.pop(me, None) is None
            if given_up:
                self._free.acquire()

    def relieve(self) -> None:
        """Free the places of those that have waited for too long. Asked at every tick."""
        with self._lock:
            before = machine_seconds() - self._patience
            for one in [one for one, since in self._waiting.items() if since < before]:
                del self._waiting[one]
                self._free.release()
