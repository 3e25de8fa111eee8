"""Many machines, as real processes on PostgreSQL: one leads, workers send, and whoever dies is replaced."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import reschedule_many
from sales_campaigns.presence import Presence
from sales_campaigns.unit_of_work import unit_of_work
from tests.databases import migrated_postgresql_url, worker_name
from tests.torture.campaign import launch_for
from tests.torture.installation import Installation, Program, receiving, wait_until
from tests.torture.ledger import balance, is_quiet

QUEUED = {"ENGINE": "procrastinate", "TICK_SECONDS": "0.2"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Installation]:
    """An installation on PostgreSQL whose scheduler hands work out."""
    here = Installation(tmp_path, migrated_postgresql_url(f"{worker_name()}_workers"), dict(QUEUED))
    here.set_up()
    yield here


@contextmanager
def running(here: Installation, *commands: str) -> Iterator[list[Program]]:
    programs = [here.start(*command.split()) for command in commands]
    try:
        yield programs
    finally:
        for program in programs:
            if program.running:
                program.end()


def kinds(engine: Engine) -> list[tuple[str, int]]:
    """What each living process does, with its number."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Presence.kind, Presence.name).order_by(Presence.kind)).all()
    return [(row.kind, int(row.name.rpartition(":")[2])) for row in rows]


def count_of(engine: Engine, kind: str) -> Callable[[], int]:
    return lambda: sum(one == kind for one, _ in kinds(engine))


def test_workers_send_what_the_leader_finds_and_a_worker_that_dies_is_replaced(cluster: Installation) -> None:
    """The rule: nothing is lost, nothing is sent twice; what a dead worker had in hand goes to the next one."""
    engine, messages = cluster.engine, 120
    with receiving(cluster.folder, "--seconds", "0.02") as receiver:
        launch_for(engine, messages, receiver.port)
        with running(cluster, "scheduler run", "worker run --concurrency 2", "worker run") as programs:
            wait_until(lambda: count_of(engine, "worker")() == 2, 60, "the workers are there")
            wait_until(lambda: receiver.lines() > 10, 60, "it sends")
            sending = _who_works(engine)
            next(one for one in programs if one.process.pid == sending).kill()
            wait_until(lambda: is_quiet(engine), 120, "the other worker sends the rest")
        ledger = balance(engine, receiver, messages)
    engine.dispose()
    assert ledger.wrong == []
    assert ledger.states.get("uncertain", 0) <= 1


def test_a_worker_that_is_asked_to_end_gives_back_what_it_has_not_begun(cluster: Installation) -> None:
    """The rule: a graceful stop finishes what is in flight and hands the rest back: nothing waits for a lease."""
    engine = cluster.engine
    with receiving(cluster.folder, "--seconds", "0.1") as receiver:
        launch_for(engine, 40, receiver.port)
        with running(cluster, "scheduler run", "worker run") as (_, worker):
            wait_until(lambda: receiver.lines() > 2, 60, "it sends")
            worker.end()
            assert worker.process.returncode == 0
            with engine.connect() as connection:
                states = connection.scalars(sa.text("SELECT DISTINCT state FROM message")).all()
                in_hand = connection.scalar(
                    sa.text("SELECT count(*) FROM work_queue.procrastinate_jobs WHERE status = 'doing'")
                )
    engine.dispose()
    assert set(states) == {"pending", "sent"}
    assert in_hand == 0


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGKILL, id="killed"),
        pytest.param(signal.SIGSTOP, id="frozen", marks=pytest.mark.deep),
    ],
)
def test_a_stand_by_keeps_time_within_thirty_seconds(cluster: Installation, how: signal.Signals) -> None:
    """The rule: one process is the leader, the others stand by and take over within 30 s."""
    engine = cluster.engine
    with running(cluster, "scheduler run", "scheduler run") as programs:
        wait_until(
            lambda: [kind for kind, _ in kinds(engine)] == ["scheduler", "stand-by"], 60, "one of two leads"
        )
        leader = next(pid for kind, pid in kinds(engine) if kind == "scheduler")
        dead = next(one for one in programs if one.process.pid == leader)
        dead.process.send_signal(how)
        try:
            wait_until(
                lambda: ("scheduler", _other(programs, leader)) in kinds(engine), 30, "the other keeps time"
            )
        finally:
            dead.kill()
    engine.dispose()


def test_mail_that_becomes_due_between_two_ticks_leaves_at_once(cluster: Installation) -> None:
    """The rule: due mail that appears between ticks wakes the tick."""
    cluster.settings["TICK_SECONDS"] = "60"
    engine = cluster.engine
    with receiving(cluster.folder) as receiver:
        launch_for(engine, 3, receiver.port)
        _move_all(engine, hours=1)
        with running(cluster, "scheduler run", "worker run"):
            wait_until(
                lambda: {kind for kind, _ in kinds(engine)} == {"scheduler", "worker"}, 60, "both live"
            )
            _move_all(engine, hours=0)
            wait_until(lambda: receiver.lines() == 3, 20, "it leaves long before the next tick")
    engine.dispose()


@pytest.mark.deep
def test_several_workers_share_the_lanes_of_a_bulk_mailbox(cluster: Installation) -> None:
    """The rule: a bulk relay mailbox has several lanes; each is one worker's at a time."""
    engine = cluster.engine
    with receiving(cluster.folder, "--seconds", "0.01") as receiver:
        launch_for(engine, 400, receiver.port, bulk=True)
        with engine.begin() as connection:
            assert connection.scalar(sa.select(Mailbox.bulk_lane).limit(1))
        with running(cluster, "scheduler run", "worker run", "worker run"):
            wait_until(lambda: is_quiet(engine), 120, "all are sent")
        ledger = balance(engine, receiver, 400)
    engine.dispose()
    assert ledger.wrong == []


@pytest.mark.parametrize("command", ["worker run"])
def test_sqlite_refuses_a_worker_in_one_line(tmp_path: Path, command: str) -> None:
    here = Installation(tmp_path)
    here.set_up()
    worker = here.start(*command.split())
    wait_until(lambda: not worker.running, 30, "it ends")
    assert worker.process.returncode == 1
    assert "Error: Workers need ENGINE=procrastinate and a PostgreSQL database." in here.said()
    assert "Traceback" not in here.said()


def _move_all(engine: Engine, hours: int) -> None:
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        ids = uow.session.scalars(sa.select(Message.id)).all()
        assert len(reschedule_many(uow, ids, uow.now + timedelta(hours=hours))) == len(ids)


def _other(programs: list[Program], leader: int) -> int:
    return next(one.process.pid for one in programs if one.process.pid != leader)


def _who_works(engine: Engine) -> int:
    """The number of the process that has mail in hand."""
    with engine.connect() as connection:
        owner = connection.scalar(sa.text("SELECT owner FROM message WHERE owner IS NOT NULL LIMIT 1"))
    return int(str(owner).rpartition(":")[2])
