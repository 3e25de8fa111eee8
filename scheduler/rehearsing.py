"""Rehearse: the real engine on a virtual clock, in a database of its own, with a sandbox for the outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.secrets import Seal, new_token
from sales_campaigns.addresses import check_address
from sales_campaigns.campaigns.audience import sorted_out
from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.campaigns.simulating import foresee, mails_in
from sales_campaigns.campaigns.simulation import Simulation
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.ports import Sandbox, SandboxMaker
from sales_campaigns.rehearsals.happened import answers_of, endings_of, entries_of, letters_of
from sales_campaigns.rehearsals.plays import Play, Progress, Rehearsed
from sales_campaigns.rehearsals.reps import Reps
from sales_campaigns.rehearsals.script import acted_by
from sales_campaigns.rehearsals.stage import Stage, launch_all, set_stage
from sales_campaigns.schema import METADATA
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.fast_forward import Party, run_out
from scheduler.recipients import Recipients

LONGEST = timedelta(days=3 * 366)


def rehearse(make: SandboxMaker, play: Play, progress: Progress) -> Rehearsed:
    """Play it from the launch until nothing more is due.

    Raises Invalid for what a simulation refuses, and for a campaign that could not be imported.
    """
    wish = play.wish
    foreseen = foresee(wish, play.people)
    audience = sorted_out(play.people, mails_in(wish))
    clock = VirtualClock(resolve(wish.start, wish.zone))
    addresses = [check_address(who).key for who in audience.mailed]
    sandbox = make(acted_by(play.script, addresses), clock.now)
    with throw_away_room(sandbox, clock) as room:
        with unit_of_work(room.sessions, clock) as uow:
            stage = set_stage(uow, play, audience)
            launch_all(uow, stage, play)
        onlooker = Onlooker(clock, foreseen.finishes or clock.now(), progress)
        run_out(room, clock, clock.now() + LONGEST, _parties(room, sandbox, stage, play, onlooker))
        return _rehearsed(room, sandbox, stage, play, foreseen)


def _parties(room: PostRoom, sandbox: Sandbox, stage: Stage, play: Play, onlooker: Onlooker) -> list[Party]:
    recipients = Recipients(room, sandbox, play.sender.email, receive)
    return [onlooker, recipients, reps_of(room, stage.rep, play.wish.task_delay_days)]


def _rehearsed(room: PostRoom, sandbox: Sandbox, stage: Stage, play: Play, foreseen: Simulation) -> Rehearsed:
    with unit_of_work(room.reads, room.clock) as uow:
        letters = letters_of(uow.session, stage.names, sandbox.taken)
        entries = entries_of(uow.session, stage.names, letters)
        endings = endings_of(uow.session, stage.names)
    answers = answers_of(sandbox.changes(play.sender.email, "").mails)
    return Rehearsed(foreseen.as_it_happened(entries), letters, answers, endings)


def reps_of(room: PostRoom, rep: User, delay_days: int = 0, undo_seconds: int = 0) -> Reps:
    """Reps who work in this room's database, on its clock."""
    return Reps(
        lambda: unit_of_work(room.sessions, room.clock),
        lambda: unit_of_work(room.reads, room.clock),
        rep,
        delay_days,
        undo_seconds,
    )


@dataclass
class Onlooker:
    """Does nothing but say how much of the foreseen time has passed, in per cent."""

    clock: VirtualClock
    end: datetime
    progress: Progress
    begin: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.begin = self.clock.now()

    def next_act(self, _after: datetime) -> None:
        return None

    def act(self) -> int:
        whole = max((self.end - self.begin).total_seconds(), 1)
        self.progress(min(int(100 * (self.clock.now() - self.begin).total_seconds() / whole), 99))
        return 0


@contextmanager
def throw_away_room(sandbox: Sandbox, clock: VirtualClock) -> Iterator[PostRoom]:
    """A post room on an empty database in a file of its own, which is gone when the block ends."""
    with TemporaryDirectory(prefix="rehearsal-") as folder, _engine_on(Path(folder)) as engine:
        yield PostRoom(
            sessions=make_sessions(engine),
            reads=make_sessions(engine, reads_only=True),
            clock=clock,
            providers=sandbox,
            seal=Seal(new_token()),
            owner="rehearsal",
        )


@dataclass
class Stagehand:
    """An engine that outlives its databases: what it has compiled for one rehearsal is not compiled for the next."""

    place: Path = field(default_factory=Path)
    engine: Engine = field(default_factory=lambda: make_engine("sqlite:///rehearsal.sqlite3"))

    def __post_init__(self) -> None:
        event.listen(self.engine, "do_connect", self._go_there)
        event.listen(self.engine, "connect", _hurry)

    def _go_there(self, _dialect: object, _record: object, arguments: list[Any], _named: object) -> None:
        arguments[0] = str(self.place)


AT_REST: list[Stagehand] = []


@contextmanager
def _engine_on(folder: Path) -> Iterator[Engine]:
    """For an empty database in this folder."""
    hand = AT_REST.pop() if AT_REST else Stagehand()
    hand.place = folder / "rehearsal.sqlite3"
    hand.place.write_bytes(_empty_database())
    try:
        yield hand.engine
    finally:
        hand.engine.dispose()
        AT_REST.append(hand)


@cache
def _empty_database() -> bytes:
    """A file with every table and no row."""
    with TemporaryDirectory(prefix="rehearsal-") as folder:
        path = Path(folder) / "empty.sqlite3"
        engine = make_engine(f"sqlite:///{path}")
        METADATA.create_all(engine)
        engine.dispose()
        return path.read_bytes()


def _hurry(connection: Any, _record: object) -> None:
    """What is thrown away need not survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")
