"""APScheduler says when: interval ticks from memory, never a stored job. What is due is a row of the database."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.catching_up import notice_outage
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.messages.recovery import recover, settle_journals
from sales_campaigns.messages.waking import wake
from sales_campaigns.messages.witness import place_of, witness_in
from sales_campaigns.presence import beat, leave
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.engine import LocalEngine
from scheduler.jobs import JOBS, guard_job, import_job
from scheduler.rehearsal_job import rehearsal_job

SPED_UP_TICK = 0.05
log = structlog.get_logger()


@contextmanager
def running(settings: Settings, room: PostRoom, rehearse: Rehearse | None = None) -> Iterator[None]:
    """The scheduler and its engine, for as long as the block lasts. Raises IllegalMove for a second one on SQLite.

    `rehearse` plays the rehearsals that are asked for; None where that is not offered.
    """
    with _alone(settings):
        _take_over(settings, room)
        _wake(settings, room)
        engine = LocalEngine(room)
        clockwork = _clockwork(settings, engine, rehearse)
        clockwork.start()
        try:
            yield
        finally:
            clockwork.shutdown(wait=True)
            engine.stop()
            with unit_of_work(room.sessions, room.clock) as uow:
                leave(uow.session)


def _clockwork(settings: Settings, engine: LocalEngine, rehearse: Rehearse | None) -> BackgroundScheduler:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    pace = SPED_UP_TICK if settings.demo_speed > 1 else settings.tick_seconds
    clockwork = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    witness = witness_in(settings.data_dir)
    rehearsals = [rehearsal_job(rehearse)] if rehearse else []
    for job in (*JOBS, guard_job(witness), import_job(settings.data_dir / "uploads"), *rehearsals):
        clockwork.add_job(engine.tick, "interval", args=[job], seconds=job.every or pace, id=job.name)
    return clockwork


def _take_over(settings: Settings, room: PostRoom) -> None:
    """On SQLite nobody else can be sending, so whatever is leased was left by a process that died."""
    settle_journals(room)
    with unit_of_work(room.sessions, room.clock) as uow:
        beat(uow.session, "scheduler")
        recover(uow, everything=settings.on_sqlite)


def _wake(settings: Settings, room: PostRoom) -> None:
    """Before the first tick: on a clone, or on a restored backup, nothing leaves until somebody has confirmed it."""
    witness = witness_in(settings.data_dir)
    with unit_of_work(room.sessions, room.clock) as uow:
        why = wake(uow, place_of(uow.session, witness), witness.beats)
        notice_outage(uow)
    guard_job(witness).do(room, "all")
    if why:
        log.warning("sending is off until an administrator confirms", why=why)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """SQLite has one serving process. The kernel gives the lock back however the process ends."""
    if not settings.on_sqlite:
        yield
        return
    path = Path(settings.data_dir) / "scheduler.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise IllegalMove(
                "Another process is sending from this SQLite database. Stop it first, "
                "or set DATABASE_URL to a PostgreSQL database to run several."
            ) from None
        yield
