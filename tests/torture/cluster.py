"""Many processes on PostgreSQL: leaders and workers are killed, the database crashes, its lines are cut, all while
mail goes out. The receiving server's log is the judge, as ever."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.presence import Presence
from tests.databases import durable_postgresql_url
from tests.torture.campaign import launch_for
from tests.torture.installation import Installation, Program, Receiver, receiving, wait_until
from tests.torture.ledger import Ledger, balance, is_quiet
from tests.torture.server import Server, own_server

QUEUED = {"ENGINE": "procrastinate"}
SCHEDULER, WORKER = ("scheduler", "run"), ("worker", "run")
TAKE_OVER_SECONDS = 30.0


class Member(NamedTuple):
    program: Program
    command: tuple[str, ...]
    here: Installation


@dataclass
class Cluster:
    """Two schedulers and some workers; whoever is killed is started again, as a supervisor does."""

    here: Installation
    programs: dict[int, Member] = field(default_factory=dict)

    def start(self, command: tuple[str, ...], here: Installation | None = None) -> int:
        """Its number. `here`: with code or settings of its own."""
        member = Member((here or self.here).start(*command), command, here or self.here)
        self.programs[member.program.process.pid] = member
        return member.program.process.pid

    def start_all(self, workers: int, here: Installation | None = None) -> list[int]:
        """Two schedulers and so many workers; their numbers."""
        return [self.start(command, here) for command in (SCHEDULER, SCHEDULER, *[WORKER] * workers)]

    def kill(self, pid: int) -> int:
        member = self.programs.pop(pid)
        member.program.kill()
        return self.start(member.command, member.here)

    def end(self, pids: Collection[int]) -> None:
        """Ask them to end, all at once, and wait."""
        members = [self.programs.pop(pid) for pid in pids]
        for one in members:
            one.program.process.terminate()
        for one in members:
            one.program.process.wait(60)

    def workers(self) -> list[int]:
        return [pid for pid, one in self.programs.items() if one.command == WORKER]

    def dead(self) -> list[str]:
        """Those that ended by themselves: nobody may."""
        return [
            f"{' '.join(one.command)} ended by itself"
            for one in self.programs.values()
            if not one.program.running
        ]


def kill_leaders(folder: Path, messages: int, kills: int, seed: int, url: str) -> tuple[Ledger, list[float]]:
    """Kill whoever leads, and each time a worker too; the seconds until somebody else led."""
    chance, seconds = random.Random(seed), []
    here = Installation(folder, url, dict(QUEUED))
    here.set_up()
    with sending(here, messages, 0.05) as (cluster, receiver, engine):
        for _ in range(kills):
            leader = _wait_for(engine, cluster, "scheduler", -1)
            _wait_for(engine, cluster, "stand-by", leader)  # who is still starting cannot take over
            time.sleep(chance.uniform(0, 1))
            begun = time.monotonic()
            cluster.kill(leader)
            cluster.kill(chance.choice(cluster.workers()))
            _wait_for(engine, cluster, "scheduler", leader)
            seconds.append(time.monotonic() - begun)
        ledger = books_at_the_end(cluster, receiver, engine, messages)
    ledger.wrong += [f"nobody led for {one:.0f} s" for one in seconds if one > TAKE_OVER_SECONDS]
    return ledger, seconds


def crash_and_cut(folder: Path, messages: int, crashes: int, cuts: int, seed: int) -> Ledger:
    """Crash the database and cut its lines, in any order, at any moment; no process may end for it."""
    chance = random.Random(seed)
    with own_server(folder) as server:
        here = Installation(folder, server.url, dict(QUEUED))
        here.set_up()
        with sending(here, messages, 0.02) as (cluster, receiver, engine):
            faults: list[Callable[[Server], object]] = [Server.crash] * crashes + [Server.cut] * cuts
            for fault in chance.sample(faults, len(faults)):
                time.sleep(chance.uniform(0.2, 1.5))
                fault(server)
            ledger = books_at_the_end(cluster, receiver, engine, messages)
    return ledger


@contextmanager
def sending(here: Installation, messages: int, delay: float) -> Iterator[tuple[Cluster, Receiver, Engine]]:
    """A cluster that is in the middle of so many mails. `delay`: what the server takes over each, in seconds."""
    with receiving(here.folder, "--seconds", str(delay)) as receiver:
        launch_for(here.engine, messages, receiver.port)
        with at_work(here, receiver, workers=2) as (cluster, engine):
            yield cluster, receiver, engine


@contextmanager
def at_work(here: Installation, receiver: Receiver, workers: int) -> Iterator[tuple[Cluster, Engine]]:
    """Two schedulers and so many workers, from the first mail that leaves until the block ends."""
    cluster, engine = Cluster(here), here.engine
    cluster.start_all(workers)
    try:
        wait_until(lambda: receiver.lines() > 0, 120, "mail leaves")
        yield cluster, engine
    finally:
        cluster.end(list(cluster.programs))
        engine.dispose()


def books_at_the_end(
    cluster: Cluster, receiver: Receiver, engine: Engine, messages: int, launched: int = 1
) -> Ledger:
    """Once no mail is on its way any more. Nobody may have ended by itself."""
    wait_until(lambda: is_quiet(engine), 180 + messages / 5, "every message sent or uncertain")
    ledger = balance(engine, receiver, messages, launched)
    ledger.wrong += cluster.dead()
    return ledger


def _wait_for(engine: Engine, cluster: Cluster, kind: str, but: int) -> int:
    found: list[int] = []

    def is_there() -> bool:
        with engine.connect() as connection:
            names = connection.scalars(sa.select(Presence.name).where(Presence.kind == kind))
            pids = [int(name.rpartition(":")[2]) for name in names]
        found[:] = [pid for pid in pids if pid in cluster.programs and pid != but]
        return bool(found)

    wait_until(is_there, 4 * TAKE_OVER_SECONDS, f"a {kind} is there")
    return found[0]


def all_leaders(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 20 kills of whoever leads."""
    kills = max(round(20 * share), 2)
    here = url and durable_postgresql_url(f"torture_leaders_{seed}")
    ledger, seconds = kill_leaders(folder, 120 * kills, kills, seed, here)
    slowest = f"somebody else led after {max(seconds):.0f} s at most"
    return f"{kills} leaders and as many workers killed, {told(ledger)}; {slowest}", ledger.wrong


def all_outages(_url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 12 crashes of the database and 100 cuts."""
    crashes, cuts = max(round(12 * share), 1), max(round(100 * share), 4)
    ledger = crash_and_cut(folder, 40 * (crashes + cuts), crashes, cuts, seed)
    return f"{crashes} crashes of the database, {cuts} cuts of its lines, {told(ledger)}", ledger.wrong


def told(ledger: Ledger) -> str:
    uncertain = ledger.states.get("uncertain", 0)
    return f"{ledger.taken} mails taken, {uncertain} uncertain ({ledger.uncertain_and_taken} of them had arrived)"
