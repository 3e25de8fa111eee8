"""The queue through which the leader hands owners of due work to workers: Procrastinate, in a schema of its own.

An entry is a job's name and a key, and no more: whoever takes it claims the rows itself, so pause, stop and reschedule
stay changes of rows, and an entry that is lost is found again by the next tick. The `lock` of an entry is its key, so
one worker works for it at a time in the whole cluster; so is its `queueing_lock`, so nothing piles up.
"""

from __future__ import annotations

from collections.abc import Iterable

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job as Entry

from scheduler.jobs import Job, Key

QUEUE = "work"
TASK = "work"
SCHEMA = "work_queue"  # made by migration 0016
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 12.0
OPTIONS = f"-c search_path={SCHEMA}"


class WorkQueue:
    """The queue as the leader sees it. `address` is that of the database, past any pooler."""

    def __init__(self, address: str) -> None:
        self._app = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector(
                conninfo=address, kwargs={"options": OPTIONS, "connect_timeout": 5}, min_size=1, max_size=4
            )
        )

    def open(self) -> None:
        self._app.open()

    def close(self) -> None:
        self._app.close()

    def put(self, job: Job, keys: Iterable[Key]) -> int:
        """Queue these owners, but those that wait there already; how many were queued."""
        waiting = self._waiting()
        new = [_entry(job, key) for key in keys if lock_of(job.name, key) not in waiting]
        if not new:
            return 0
        try:
            self._app.job_manager.batch_defer_jobs(new)
        except AlreadyEnqueued:  # another leader of this moment was faster: the next tick looks again
            return 0
        return len(new)

    def free_stalled(self) -> int:
        """Take away what dead workers had in hand, with its lock; how many. What is due is found by the next tick."""
        rows = self._ask(
            "DELETE FROM procrastinate_jobs job WHERE job.status = 'doing' AND NOT EXISTS (SELECT 1 FROM "
            "procrastinate_workers w WHERE w.id = job.worker_id AND w.last_heartbeat > now() - make_interval(secs => "
            "%(seconds)s)) RETURNING job.id",
            seconds=STALLED_SECONDS,
        )
        return len(rows)

    def _waiting(self) -> set[str]:
        rows = self._ask("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")
        return {str(row["queueing_lock"]) for row in rows}

    def _ask(self, query: str, **arguments: object) -> list[dict[str, object]]:
        connector = self._app.connector.get_sync_connector()
        rows: list[dict[str, object]] = connector.execute_query_all(query, **arguments)
        return rows


def lock_of(job: str, key: Key) -> str:
    return f"{job} {key}"


def _entry(job: Job, key: Key) -> Entry:
    lock = lock_of(job.name, key)
    return Entry(
        queue=QUEUE,
        lock=lock,
        queueing_lock=lock,
        task_name=TASK,
        task_kwargs={"name": job.name, "key": key},
    )
