"""APScheduler says when: interval ticks from memory, never a stored job. What is due is a row of the database."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recovery import recover, settle_journals
from sales_campaigns.messages.stops.catching_up import notice_outage
from sales_campaigns.messages.stops.waking import wake
from sales_campaigns.messages.stops.witness import place_of, witness_in
from sales_campaigns.presence import beat, leave
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.clockwork import Clockwork
from scheduler.engine import Engine, LocalEngine
from scheduler.jobs import JOBS, Job
from scheduler.leader import Alone, Leader
from scheduler.looking_ahead import SEND, look_ahead
from scheduler.process_jobs import guard_job, import_job, in_lanes, journal_job, presence_job
from scheduler.queue_engine import QueueEngine
from scheduler.rehearsal_job import rehearsal_job
from scheduler.work_queue import WorkQueue

SPED_UP_TICK = 0.05
Tick = Callable[[Job], None]
log = structlog.get_logger()


@contextmanager
def running(settings: Settings, room: PostRoom, rehearse: Rehearse | None = None) -> Iterator[None]:
    """The scheduler and its engine, for as long as the block lasts. Raises IllegalMove for a second one on SQLite.

    On PostgreSQL one of them leads and the others stand by. `rehearse` plays the rehearsals that are asked for; None
    where that is not offered.
    """
    with _alone(settings):
        _take_over(settings, room)
        _wake(settings, room)
        engine = _engine(settings, room)
        jobs = _jobs(settings, engine, rehearse)
        clockwork, pace = _still_clockwork(), _pace(settings)
        tick = _looking_ahead(engine, partial(look_ahead, clockwork, room, pace))
        leader = _leader(settings, partial(_tick_all, tick, jobs))
        _wind_up(clockwork, _ticks(jobs, tick, leader), pace)
        leader.start()
        clockwork.start()
        try:
            yield
        finally:
            clockwork.shutdown(wait=True)
            leader.stop()
            engine.stop()
            with unit_of_work(room.sessions, room.clock) as uow:
                leave(uow.session)


def clockwork_of(ticks: Mapping[Job, Tick], pace: float) -> BackgroundScheduler:
    """Each tick at the interval of its job, or at `pace` seconds."""
    clockwork = _still_clockwork()
    _wind_up(clockwork, ticks, pace)
    return clockwork


def _still_clockwork() -> BackgroundScheduler:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return Clockwork(
        timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )


def _wind_up(clockwork: BackgroundScheduler, ticks: Mapping[Job, Tick], pace: float) -> None:
    for job, tick in ticks.items():
        clockwork.add_job(tick, "interval", args=[job], seconds=job.every or pace, id=job.name)


def _engine(settings: Settings, room: PostRoom) -> Engine:
    if settings.engine == "procrastinate":
        return QueueEngine(room, WorkQueue(settings.direct_address))
    return LocalEngine(room)


def _leader(settings: Settings, wake: Callable[[], None]) -> Leader | Alone:
    return Alone(wake) if settings.on_sqlite else Leader(settings.direct_address, wake)


def _jobs(settings: Settings, engine: Engine, rehearse: Rehearse | None) -> list[Job]:
    rehearsals = [rehearsal_job(rehearse)] if rehearse else []
    added = [guard_job(witness_in(settings.data_dir)), import_job(settings.data_dir / "uploads"), *rehearsals]
    if not isinstance(engine, QueueEngine):
        return [*JOBS, *added]
    laned = [in_lanes(job, settings.bulk_lanes) if job.name == SEND else job for job in JOBS]
    return [*laned, *added, engine.stalled_job()]


def _looking_ahead(engine: Engine, look: Callable[[], None]) -> Tick:
    """Whoever has looked for due mail looks for when the next comes due."""

    def tick(job: Job) -> None:
        engine.tick(job)
        if job.name == SEND:
            look()

    return tick


def _ticks(jobs: Sequence[Job], tick: Tick, leader: Leader | Alone) -> dict[Job, Tick]:
    """Whoever stands by only says that it is there, and settles what dead processes left on its machine."""

    def tick_of_the_leader(job: Job) -> None:
        if leader.leads():
            tick(job)

    everywhere = (journal_job(), presence_job(lambda: "" if leader.leads() else "stand-by"))
    ticks: dict[Job, Tick] = dict.fromkeys(jobs, tick_of_the_leader)
    return {**ticks, **dict.fromkeys(everywhere, tick)}


def _tick_all(tick: Tick, jobs: Sequence[Job]) -> None:
    """Look for all work that has no pace of its own, now."""
    for job in jobs:
        if job.every is None:
            tick(job)


def _pace(settings: Settings) -> float:
    return SPED_UP_TICK if settings.demo_speed > 1 else settings.tick_seconds


def _take_over(settings: Settings, room: PostRoom) -> None:
    """On SQLite nobody else can be sending, so whatever is leased was left by a process that died."""
    settle_journals(room)
    with unit_of_work(room.sessions, room.clock) as uow:
        beat(uow.session, "scheduler" if settings.on_sqlite else "stand-by")
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
