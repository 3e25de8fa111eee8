"""The engine of many machines: what the leader finds goes into the queue, and workers take it from there."""

from __future__ import annotations

import structlog

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.engine import LocalEngine
from scheduler.jobs import EVERYTHING, Job, Key, Place
from scheduler.work_queue import WorkQueue

log = structlog.get_logger()


class QueueEngine:
    """Work of the whole installation is done here by threads; work for one owner by whichever worker is free."""

    def __init__(self, room: PostRoom, queue: WorkQueue) -> None:
        self._room = room
        self._queue = queue
        self._here = LocalEngine(room)
        queue.open()

    def tick(self, job: Job) -> None:
        if job.place is not Place.WORKERS:
            self._here.tick(job)
            return
        try:
            self._queue.put(job, job.find(self._room))
        except Exception:
            log.exception("a tick failed", job=job.name)

    def stop(self) -> None:
        self._here.stop()
        self._queue.close()

    def stalled_job(self) -> Job:
        """Look after workers that died: a lock of theirs would stop its mailbox for good."""

        def free(_room: PostRoom, _key: Key) -> int:
            freed = self._queue.free_stalled()
            if freed:
                log.warning("workers died with work in hand; it is handed out again", count=freed)
            return 0

        return Job("stalled work", lambda _room: EVERYTHING, free, every=5)
