"""The local engine: a pool of threads in this process that works for one key at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog

from sales_campaigns.messages.dispatching import PostRoom
from scheduler.jobs import Job, Key

log = structlog.get_logger()


class LocalEngine:
    """Two ticks that name the same key do not work for it twice at once; the second one is dropped."""

    def __init__(self, room: PostRoom, threads: int = 16) -> None:
        self._room = room
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="engine")
        self._busy: set[tuple[str, Key]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def tick(self, job: Job) -> None:
        """Find who has due work and hand each to a thread."""
        if self._stopping.is_set():
            return
        try:
            keys = job.find(self._room)
        except Exception:
            log.exception("a tick failed", job=job.name)
            return
        for key in keys:
            self._hand_out(job, key)

    def stop(self) -> None:
        """Finish what is in hand, begin nothing new."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hand_out(self, job: Job, key: Key) -> None:
        with self._lock:
            if (job.name, key) in self._busy or self._stopping.is_set():
                return
            self._busy.add((job.name, key))
        self._pool.submit(self._work, job, key)

    def _work(self, job: Job, key: Key) -> None:
        """A full batch means that there may be more: again at once, until there is none or we stop."""
        try:
            while job.do(self._room, key) and not self._stopping.is_set():
                pass
        except Exception:
            log.exception("a job failed", job=job.name, key=key)
        finally:
            with self._lock:
                self._busy.discard((job.name, key))
