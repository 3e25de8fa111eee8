"""flask worker run: take owners of due work from the queue and work for them, so many at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import OperationalError

from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.migrating import require_schema
from sales_campaigns.presence import leave
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.engine import LocalEngine, work_for
from scheduler.jobs import JOBS, Job, Key, Place
from scheduler.process_jobs import journal_job, presence_job
from scheduler.runner import clockwork_of
from scheduler.work_queue import HEARTBEAT_SECONDS, OPTIONS, QUEUE, STALLED_SECONDS, TASK

AGAIN_SECONDS = 2.0
log = structlog.get_logger()


def run_worker(settings: Settings, room: PostRoom, concurrency: int, ending: threading.Event) -> None:
    """Work until `ending` is set; then finish what is being handed over and give the rest back.

    A database that is away is waited for. Raises IllegalMove where there is no queue, or an older schema.
    """
    if settings.engine != "procrastinate":
        raise IllegalMove(
            "Workers need ENGINE=procrastinate and a PostgreSQL database. With ENGINE=local, and on SQLite, "
            "the scheduler itself sends."
        )
    room = replace(room, ending=ending)
    with _showing(room):
        asyncio.run(_work(settings, room, concurrency))


async def _work(settings: Settings, room: PostRoom, concurrency: int) -> None:
    """A job runs in a thread of asyncio's own pool, whose usual size is that of the machine, not ours."""
    pool = ThreadPoolExecutor(concurrency + 2, thread_name_prefix="worker")
    asyncio.get_running_loop().set_default_executor(pool)
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what fails is told here, with its job
    while not room.ending.is_set():
        try:
            await asyncio.to_thread(_require_schema, room)
            await _work_while_connected(settings, room, concurrency)
        except (ConnectorException, OperationalError, OSError) as error:
            log.warning("the queue cannot be reached", words=str(error.__cause__ or error).strip())
        if not room.ending.is_set():
            await asyncio.sleep(AGAIN_SECONDS)


def _require_schema(room: PostRoom) -> None:
    with room.reads() as session:
        require_schema(session.connection())


async def _work_while_connected(settings: Settings, room: PostRoom, concurrency: int) -> None:
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=settings.direct_address,
            kwargs={"options": OPTIONS, "connect_timeout": 5},
            min_size=1,
            max_size=4,
        )
    )
    _take_on(app, room, {job.name: job for job in JOBS if job.place is Place.WORKERS})
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        )
        ended = asyncio.create_task(_ended(room.ending))
        await asyncio.wait({worker, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not worker.done():
            worker.cancel()  # it takes nothing new and waits for what is in hand
        await asyncio.gather(worker, return_exceptions=room.ending.is_set())


def _take_on(app: procrastinate.App, room: PostRoom, jobs: Mapping[str, Job]) -> None:
    @app.task(name=TASK)
    def work(name: str, key: Key) -> None:
        """A job that this worker does not know is of a newer version: one of those takes it at the next tick."""
        if name in jobs:
            work_for(jobs[name], room, key)


async def _ended(ending: threading.Event) -> None:
    while not ending.is_set():
        await asyncio.sleep(0.1)


@contextmanager
def _showing(room: PostRoom) -> Iterator[None]:
    """Say that this worker is there, and settle what dead ones left on this machine."""
    engine = LocalEngine(room, places=2)
    jobs = (presence_job(lambda: "worker"), journal_job())
    clockwork = clockwork_of(dict.fromkeys(jobs, engine.tick), pace=1.0)
    for job in jobs:
        engine.tick(job)
    clockwork.start()
    try:
        yield
    finally:
        clockwork.shutdown(wait=True)
        engine.stop()
        with unit_of_work(room.sessions, room.clock) as uow:
            leave(uow.session)
