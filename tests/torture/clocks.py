"""Processes whose clocks are wrong, and step by hours while they send: on PostgreSQL the database says what time it is.

libfaketime gives each process a clock that is read from a file; what counts seconds is left alone, as by a step of a
real clock.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import reschedule_many
from sales_campaigns.unit_of_work import unit_of_work
from tests.torture.campaign import launch_from_boxes
from tests.torture.cluster import QUEUED, SCHEDULER, WORKER, Cluster, books_at_the_end, told
from tests.torture.installation import Installation, Receiver, receiving, wait_until
from tests.torture.ledger import ON_THE_WAY, Ledger
from tests.torture.server import own_server

BOXES = 8
LEASE = {"LEASE_SECONDS": "900"}  # the usual one: workers differ by less
FIVE_MINUTES, TWO_HOURS = 300, 7200
A_MINUTE = timedelta(minutes=1)
WHO = (
    (SCHEDULER, 0),
    (SCHEDULER, FIVE_MINUTES),
    (WORKER, 0),
    (WORKER, -FIVE_MINUTES),
    (WORKER, FIVE_MINUTES),
)


@dataclass(frozen=True)
class Hand:
    """The clock of one process: `wrong` by so many seconds, and now and then by more."""

    file: Path
    wrong: int

    def turn(self, by: int = 0) -> None:
        aside = self.file.with_suffix(".new")
        aside.write_text(f"{self.wrong + by:+d}\n")
        aside.replace(self.file)

    def of(self, here: Installation, library: Path) -> Installation:
        faked = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self.file)}
        exact = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        return replace(here, settings={**here.settings, **faked, **exact})


def libfaketime() -> Path | None:
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def step_while_sending(
    folder: Path, each: int, rounds: int, seed: int, url: str, library: Path
) -> tuple[Ledger, int]:
    """So many mails `each` of the mailboxes; in a round every clock steps back and ahead. How many mails were due
    later, too.
    """
    here = Installation(folder, url, QUEUED | LEASE)
    here.set_up()
    hands = [Hand(folder / f"clock{number}", wrong) for number, (_, wrong) in enumerate(WHO)]
    steps = [(hand, by) for hand in hands for by in (-TWO_HOURS, TWO_HOURS)] * rounds
    random.Random(seed).shuffle(steps)
    with receiving(folder, "--seconds", "0.05") as receiver:
        launch_from_boxes(here.engine, BOXES, each, receiver.port)
        engine, cluster = here.engine, Cluster(here)
        later = _some_are_due_later(engine, 2 * len(steps))
        try:
            for hand, (command, _) in zip(hands, WHO, strict=True):
                hand.turn()
                cluster.start(command, hand.of(here, library))
            late = _step(steps, later, receiver, engine)
            wait_until(lambda: not _due(engine), 180 + BOXES * each / 5, "every mail that is due has left")
            early = later.keys() & _reached(receiver)
            _move(engine, list(later.values()), timedelta())
            ledger = books_at_the_end(cluster, receiver, engine, BOXES * each, BOXES)
        finally:
            cluster.end(list(cluster.programs))
            engine.dispose()
    ledger.wrong += late + [f"{email} got mail before it was due" for email in sorted(early)]
    return ledger, len(later)


def _step(
    steps: Sequence[tuple[Hand, int]], later: dict[str, int], receiver: Receiver, engine: Engine
) -> list[str]:
    """After each step a mail becomes due before all others of its mailbox, which must leave as if nothing had been; a
    sentence for each that did not.
    """
    wait_until(lambda: receiver.lines() > 0, 120, "mail leaves")
    wrong = []
    for number, (hand, by) in enumerate(steps):
        hand.turn(by)
        email, id = later.popitem()
        _move(engine, [id], -A_MINUTE)
        try:
            wait_until(partial(_has_reached, receiver, email), 30, "it leaves")
        except AssertionError:
            wrong.append(f"nothing left for 30 s after {hand.file.name} had stepped by {by} s")
        if number % 2:
            hand.turn()
    return wrong


def _has_reached(receiver: Receiver, email: str) -> bool:
    return email in _reached(receiver)


def _reached(receiver: Receiver) -> set[str]:
    return {recipient for recipient, _ in receiver.taken()}


def _some_are_due_later(engine: Engine, count: int) -> dict[str, int]:
    """Their addresses, and the mails."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(Message.email, Message.id).order_by(Message.id.desc()).limit(count)
        )
        found = {row.email: row.id for row in rows}
    _move(engine, list(found.values()), timedelta(hours=1))
    return found


def _move(engine: Engine, ids: Sequence[int], by: timedelta) -> None:
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        assert len(reschedule_many(uow, ids, uow.now + by)) == len(ids)


def _due(engine: Engine) -> bool:
    soon = sa.and_(Message.state.in_(ON_THE_WAY), Message.due_at < sa.func.now())
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(soon))))


def all_clocks(_url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 30 steps by two hours."""
    library = libfaketime()
    if library is None:
        return "left out: this machine has no libfaketime", []
    rounds = max(round(3 * share), 1)
    with own_server(folder) as server:
        ledger, later = step_while_sending(folder, 50 * rounds, rounds, seed, server.url, library)
    said = (
        f"{2 * len(WHO) * rounds} steps of a clock by two hours, others wrong by five minutes: {told(ledger)}"
    )
    return f"{said}; {later} were due in an hour", ledger.wrong
