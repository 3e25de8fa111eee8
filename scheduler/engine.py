"""Where work is done. The local engine: a pool of threads in this process that works for one key at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import structlog

from sales_campaigns.logs import begin_trace
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.jobs import Job, Key
from scheduler.places import Places

SLOW = 112  # mailboxes that may wait for a server that does not answer, beside those that are worked for

log = structlog.get_logger()


class Engine(Protocol):
    """Takes what a tick finds. Never raises for a job: what failed is found again by the next tick."""

    def tick(self, job: Job) -> None:
        """Find who has due work and hand each out, at most once at a time."""
        ...

    def stop(self) -> None:
        """Finish what is in hand, give back what is not begun, begin nothing new."""
        ...


class LocalEngine:
    """Two ticks that name the same key do not work for it twice at once; the second one is dropped."""

    def __init__(self, room: PostRoom, places: int = 16) -> None:
        self._places = Places(places)
        self._room = replace(room, ending=threading.Event(), outside=self._places.outside)
        self._pool = ThreadPoolExecutor(places + SLOW, thread_name_prefix="engine")
        self._busy: set[tuple[str, Key]] = set()
        self._lock = threading.Lock()

    def tick(self, job: Job) -> None:
        if self._room.ending.is_set():
            return
        try:
            keys = job.find(self._room)
        except Exception:
            log.exception("a tick failed", job=job.name)
            return
        self._places.relieve()
        for key in keys:
            self._hand_out(job, key)

    def stop(self) -> None:
        self._room.ending.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_out(self, job: Job, key: Key) -> None:
        with self._lock:
            if (job.name, key) in self._busy or self._room.ending.is_set():
                return
            self._busy.add((job.name, key))
        self._pool.submit(self._work, job, key)

    def _work(self, job: Job, key: Key) -> None:
        try:
            with self._places.taken():
                work_for(job, self._room, key)
        finally:
            with self._lock:
                self._busy.discard((job.name, key))


def work_for(job: Job, room: PostRoom, key: Key) -> None:
    """A full batch means that there may be more: again at once, until there is none or the process ends."""
    begin_trace()
    try:
        while job.do(room, key) and not room.ending.is_set():
            pass
    except Exception:
        log.exception("a job failed", job=job.name, key=key)
