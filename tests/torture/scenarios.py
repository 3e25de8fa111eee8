"""What make torture asks, and on which databases."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from integrations.directory import connected
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.unit_of_work import unit_of_work
from tests.cast import Cast, cast_of
from tests.databases import durable_postgresql_url, empty_engine
from tests.programs import missing
from tests.sink import Sink
from tests.torture import races
from tests.torture.ambiguous import all_modes
from tests.torture.clocks import all_clocks
from tests.torture.cluster import all_leaders, all_outages
from tests.torture.comings import all_comes_back
from tests.torture.full_disks import all_full_disks
from tests.torture.kills import kill_while_sending
from tests.torture.mailboxes import all_mailboxes
from tests.torture.pauses import pause_while_sending
from tests.torture.points import all_lane_points, all_points
from tests.torture.quotas import all_quotas
from tests.torture.resources import all_resources, all_silence
from tests.torture.unsubscribes import OF_THEM, unsubscribe_while_sending
from tests.torture.upgrades import all_upgrades
from tests.torture.workers import all_freezes, all_limits, all_workers

POSTGRESQL = ("postgresql",)
BOTH = ("", *POSTGRESQL)
NAME = f"torture_{os.getpid()}"


@dataclass(frozen=True)
class Scenario:
    """`run(url, folder, seed, share)` gives the figures in words, and a sentence for each broken promise.

    `alone`: it compares rates, so nothing else may run beside it.
    """

    name: str
    run: Callable[[str, Path, int, float], tuple[str, list[str]]]
    databases: tuple[str, ...] = BOTH
    alone: bool = False


def kills(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """Ten kills while a thousand mails go out."""
    return _kills(url, folder, seed, share, bulk=False)


def lane_kills(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """The same of a bulk lane, which has two batches in hand: one mail in doubt for each of its four connections."""
    return _kills(url, folder, seed, share, bulk=True)


def _kills(url: str, folder: Path, seed: int, share: float, *, bulk: bool) -> tuple[str, list[str]]:
    messages, times = (1000, 10) if share >= 1 else (150, 3)
    if bulk:
        messages *= 4
    ledger = kill_while_sending(
        folder, messages, times, seed, url and durable_postgresql_url(NAME), bulk=bulk
    )
    wrong, uncertain = ledger.wrong, ledger.states.get("uncertain", 0)
    if uncertain > times * (4 if bulk else 1):
        wrong.append(f"{uncertain} uncertain: more than one a kill and connection")
    said = f"{times} kills, {messages} mails: {ledger.taken} taken by the server, {uncertain} uncertain"
    return f"{said} ({ledger.uncertain_and_taken} of them had arrived)", wrong


def pauses(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    rounds = max(round(300 * share), 1)
    with _house(url, folder) as (room, cast, sink):
        wrong = pause_while_sending(room, cast, sink, rounds=rounds, people=20, seed=seed)
    return f"{rounds} pauses while 3 dispatchers send", wrong


def lane_pauses(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """Of a bulk lane, which takes the next mails while it hands over others: the journal lets it."""
    rounds = max(round(300 * share), 1)
    with _house(url, folder) as (room, cast, sink):
        with unit_of_work(room.sessions, room.clock) as uow:
            uow.session.execute(sa.update(Mailbox).values(bulk_lane=True))
        noting = replace(room, journals=folder / "journals")
        wrong = pause_while_sending(noting, cast, sink, rounds=rounds, people=200, seed=seed, batch=100)
    return f"{rounds} pauses while 3 dispatchers send in batches", wrong


def unsubscribes(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    rounds = max(round(200 * share), 2)
    with _house(url, folder) as (room, cast, sink):
        wrong = unsubscribe_while_sending(room, cast, sink, rounds=rounds, seed=seed)
    return f"{rounds * OF_THEM} people unsubscribe while 3 dispatchers send", wrong


def all_races(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    rounds, chance = max(round(80 * share), 1), random.Random(seed)
    wrong: list[str] = []
    with _house(url, folder) as (room, cast, sink):
        for _ in range(rounds):
            for people in (races.complete_twice, races.both_mails_end, races.launch_twice):
                wrong += people(room, cast)
            for sending in (races.undo_while_it_leaves, races.end_while_sending):
                wrong += sending(room, cast, sink, chance)
    return f"{5 * rounds} races of two people, or of a person and a dispatcher", wrong


def mta(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    if lacking := missing("mta"):
        return f"left out: this machine has no {' and no '.join(lacking)}", []
    here = durable_postgresql_url(NAME) if url else f"sqlite:///{folder / 'sales.sqlite3'}"
    with empty_engine(here) as engine:
        return all_comes_back(engine, each=max(round(200 * share), 2))


# The longest first, so that at the end none is waited for.
SCENARIOS = (
    Scenario("workers", all_workers, POSTGRESQL),
    Scenario("leaders", all_leaders, POSTGRESQL),
    Scenario("outages", all_outages, POSTGRESQL),
    Scenario("freezes", all_freezes, POSTGRESQL),
    Scenario("resources", all_resources),
    Scenario("full-disks", all_full_disks),
    Scenario("quotas", all_quotas, POSTGRESQL),
    Scenario("mta", mta),
    Scenario("lane-points", all_lane_points),
    Scenario("points", all_points),
    Scenario("clocks", all_clocks, POSTGRESQL),
    Scenario("limits", all_limits, POSTGRESQL),
    Scenario("upgrades", all_upgrades, POSTGRESQL),
    Scenario("lane-pauses", lane_pauses),
    Scenario("unsubscribes", unsubscribes),
    Scenario("answers", all_modes),
    Scenario("races", all_races),
    Scenario("pauses", pauses),
    Scenario("lane-kills", lane_kills),
    Scenario("kills", kills),
    Scenario("mailboxes", all_mailboxes, alone=True),
    Scenario("silence", all_silence, alone=True),
)


@contextmanager
def _house(url: str, folder: Path) -> Iterator[tuple[PostRoom, Cast, Sink]]:
    """An empty database with the cast, and a server for their mail."""
    here = durable_postgresql_url(NAME) if url else f"sqlite:///{folder / 'sales.sqlite3'}"
    with empty_engine(here) as engine, Sink() as sink:
        sessions, clock, mail = make_sessions(engine), SystemClock(), connected()
        room = PostRoom(
            sessions, make_sessions(engine, reads_only=True), clock, mail, Seal("torture" * 6), "me"
        )
        with unit_of_work(sessions, clock) as uow:
            cast = cast_of(uow)
            cast.ana.can_prepare = cast.ana.can_start = True  # a rep may not launch so often on one day
            for box in (cast.ana_box, cast.ben_box, cast.dirk_box):
                box.port, box.daily_limit = sink.port, 1_000_000
        yield room, cast, sink
        mail.close_all()
