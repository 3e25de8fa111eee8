"""How many calls one mailbox has under way: the sender, the reader and the pages of a process share its turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4  # the rule: limits: 4 concurrent (spec/5)


class Turns:
    """Safe for many threads. Other processes are not seen: where they are too many, Graph says when to go on."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._of: dict[str, threading.Semaphore] = {}

    @contextmanager
    def of(self, mailbox: str) -> Iterator[None]:
        """Waits for a turn of this mailbox; calls end by themselves, so it waits a minute or so at most."""
        with self._lock:
            turns = self._of.setdefault(mailbox, threading.Semaphore(self._at_once))
        with turns:
            yield
