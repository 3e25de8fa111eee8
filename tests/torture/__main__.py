"""make torture: kill the real processes, pause and race them, and say how often a promise was broken.

python -m tests.torture [--only SCENARIO,SCENARIO] [--seed N]
COUNTS=tenth|full beside it, SHARD=3/8 for the third eighth of the scenarios.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
import structlog

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
from tests.shards import SHARD
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
from tests.torture.resources import all_resources
from tests.torture.unsubscribes import OF_THEM, unsubscribe_while_sending
from tests.torture.upgrades import all_upgrades
from tests.torture.workers import all_freezes, all_limits, all_workers

SHARES = {"tenth": 0.1, "": 1.0, "full": 10.0}
NAME = f"torture_{os.getpid()}"


@dataclass(frozen=True)
class Scenario:
    """`run(url, folder, seed, share)` gives the figures in words, and a sentence for each broken promise."""

    name: str
    run: Callable[[str, Path, int, float], tuple[str, list[str]]]
    databases: tuple[str, ...] = ("", "postgresql")


def kills(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """Rounds of the same size: ten kills while a thousand mails go out."""
    return _kills(url, folder, seed, share, bulk=False)


def lane_kills(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """The same of a bulk lane, which has two batches in hand: one mail in doubt for each of its four connections."""
    return _kills(url, folder, seed, share, bulk=True)


def _kills(url: str, folder: Path, seed: int, share: float, *, bulk: bool) -> tuple[str, list[str]]:
    wrong: list[str] = []
    rounds, taken, uncertain, were_taken = max(round(share), 1), 0, 0, 0
    messages, times = (1000, 10) if share >= 1 else (150, 3)
    if bulk:
        messages *= 4
    for number in range(rounds):
        place = folder / str(number)
        place.mkdir()
        database = url and durable_postgresql_url(f"{NAME}_{number}")
        ledger = kill_while_sending(place, messages, times, seed + number, database, bulk=bulk)
        wrong += ledger.wrong
        taken += ledger.taken
        uncertain += ledger.states.get("uncertain", 0)
        were_taken += ledger.uncertain_and_taken
    if uncertain > rounds * times * (4 if bulk else 1):
        wrong.append(f"{uncertain} uncertain: more than one a kill and connection")
    said = f"{rounds * times} kills, {rounds * messages} mails: {taken} taken by the server, {uncertain} uncertain"
    return f"{said} ({were_taken} of them had arrived)", wrong


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
        return all_comes_back(engine, each=max(round(200 * min(share, 1)), 2))


SCENARIOS = (
    Scenario("kills", kills),
    Scenario("lane kills", lane_kills),
    Scenario("pauses", pauses),
    Scenario("lane pauses", lane_pauses),
    Scenario("races", all_races),
    Scenario("unsubscribes", unsubscribes),
    Scenario("points", all_points),
    Scenario("lane points", all_lane_points),
    Scenario("answers", all_modes),
    Scenario("mailboxes", all_mailboxes),
    Scenario("workers", all_workers, ("postgresql",)),
    Scenario("freezes", all_freezes, ("postgresql",)),
    Scenario("limits", all_limits, ("postgresql",)),
    Scenario("leaders", all_leaders, ("postgresql",)),
    Scenario("outages", all_outages, ("postgresql",)),
    Scenario("quotas", all_quotas, ("postgresql",)),
    Scenario("resources", all_resources),
    Scenario("full disks", all_full_disks),
    Scenario("clocks", all_clocks, ("postgresql",)),
    Scenario("upgrades", all_upgrades, ("postgresql",)),
    Scenario("mta", mta),
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


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default=",".join(one.name for one in SCENARIOS))
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    # Who is ended from outside ends what it has started: processes, and a database server of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    share = SHARES[os.environ.get("COUNTS", "")]
    # The table is what is read: each mail that was handed over is no news here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    runs = [
        (scenario, database)
        for scenario in SCENARIOS
        for database in scenario.databases
        if scenario.name in chosen.only.split(",")
    ]
    mine = [runs[number] for number in SHARD.among(range(len(runs)))]
    rows = [_run(scenario, database, SHARD.seed(chosen.seed), share) for scenario, database in mine]
    print(f"\n{_table(rows)}\n\nBroken promises: {sum(row.broken for row in rows)}")
    return 1 if any(row.broken for row in rows) else 0


@dataclass(frozen=True)
class Row:
    """What a scenario came to on one database; `done` in words, with its figures."""

    name: str
    database: str
    done: str
    broken: int
    seconds: float


def _table(rows: Sequence[Row]) -> str:
    """As docs/guarantees.md keeps it."""
    lines = ["| scenario | database | what was done | broken | seconds |", "|---|---|---|---|---|"]
    for row in rows:
        cells = (row.name, row.database, row.done, str(row.broken), f"{row.seconds:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _run(scenario: Scenario, database: str, seed: int, share: float) -> Row:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        done, wrong = scenario.run(database, Path(folder), seed, share)
    row = Row(scenario.name, database or "sqlite", done, len(wrong), time.monotonic() - begun)
    print(f"{row.name} on {row.database}: {row.done}; {row.broken} broken, {row.seconds:.0f} s")
    for words in wrong[:20]:
        print(f"  {words}")
    sys.stdout.flush()
    return row


if __name__ == "__main__":
    sys.exit(main())
