"""Four workers who share the mailboxes are killed, or frozen for longer than their leases last, while mail goes out."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.recovery import RECOVERIES
from sales_campaigns.messages.models import Message
from tests.databases import durable_postgresql_url
from tests.torture.campaign import NO_LIMIT, launch_from_boxes
from tests.torture.cluster import QUEUED, Cluster, at_work, books_at_the_end, told
from tests.torture.installation import LEASE_SECONDS, Installation, Receiver, receiving, wait_until
from tests.torture.ledger import ON_THE_WAY, Ledger

WORKERS, BOXES = 4, 8  # a worker works for as many mailboxes at a time
A_DAY = 50  # mails from one mailbox


@contextmanager
def sharing(
    folder: Path, url: str, each: int, delay: float, *, a_day: int = NO_LIMIT
) -> Iterator[tuple[Cluster, Receiver, Engine]]:
    """Workers in the middle of so many mails `each` of the mailboxes; the server takes `delay` seconds over one."""
    here = Installation(folder, url, dict(QUEUED))
    here.set_up()
    with receiving(folder, "--seconds", str(delay)) as receiver:
        launch_from_boxes(here.engine, BOXES, each, receiver.port, a_day=a_day)
        with at_work(here, receiver, WORKERS) as (cluster, engine):
            yield cluster, receiver, engine


def kill_workers(folder: Path, each: int, kills: int, seed: int, url: str) -> Ledger:
    """So many mails `each` of the mailboxes; whoever has mail in hand is killed, again and again."""
    chance = random.Random(seed)
    with sharing(folder, url, each, 0.05) as (cluster, receiver, engine):
        for _ in range(kills):
            _kill_one(cluster, engine, chance, 0.05, 0.3)
        ledger = books_at_the_end(cluster, receiver, engine, BOXES * each, BOXES)
    if ledger.states.get("uncertain", 0) > kills * BOXES:
        ledger.wrong.append(
            f"{ledger.states['uncertain']} uncertain: more than one a kill and mailbox in hand"
        )
    return ledger


def freeze_workers(folder: Path, each: int, times: int, seed: int, url: str) -> Ledger:
    """Some workers at once stand still for one and a half leases, then go on where they were."""
    chance = random.Random(seed)
    with sharing(folder, url, each, 0.05) as (cluster, receiver, engine):
        for _ in range(times):
            _freeze(chance.sample(cluster.workers(), WORKERS - 1))
        with suppress(AssertionError):  # the books say which
            wait_until(lambda: not _in_doubt(engine), 120, "every late answer is taken")
        ledger = books_at_the_end(cluster, receiver, engine, BOXES * each, BOXES)
    if ledger.states.get("uncertain", 0):
        ledger.wrong.append(f"{ledger.states['uncertain']} uncertain, whose answers came late")
    return ledger


def limit_through_kills(folder: Path, kills: int, seed: int, url: str) -> tuple[dict[str, int], list[str]]:
    """Mailboxes with more mail than they may send today, held back by plan or at the gate: (sent from each, what is
    broken).
    """
    chance, each = random.Random(seed), A_DAY + 30
    with sharing(folder, url, each, 0.1, a_day=A_DAY) as (cluster, receiver, engine):
        for _ in range(kills):
            _kill_one(cluster, engine, chance, 0.3, 0.8)
        wait_until(lambda: not _to_do_today(engine), 240, "what may leave today has left")
        arrived = Counter(recipient for recipient, _ in receiver.taken())
        return _judged(engine, arrived, each)


def _judged(engine: Engine, arrived: Counter[str], each: int) -> tuple[dict[str, int], list[str]]:
    query = sa.select(Mailbox.address, Message.email, Message.state).join(Mailbox)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    left = Counter(row.address for row in rows if arrived[row.email])
    states = {box: Counter(str(row.state) for row in rows if row.address == box) for box in left}
    wrong = [f"{box} sent {number} on one day" for box, number in left.items() if number > A_DAY]
    wrong += [f"twice to {email}" for email, times in arrived.items() if times > 1]
    for box, found in states.items():
        if found["sent"] + found["uncertain"] + found["pending"] != each:
            wrong.append(f"something of {box} was dropped: {dict(found)}")
    return dict(left), wrong


def _kill_one(cluster: Cluster, engine: Engine, chance: random.Random, soonest: float, latest: float) -> None:
    """One that has mail in hand, a while after it was seen."""
    while True:
        pid = chance.choice(_with_mail_in_hand(engine, cluster))
        time.sleep(chance.uniform(soonest, latest))
        if pid in _may_die(engine, cluster):
            cluster.kill(pid)
            return


def _with_mail_in_hand(engine: Engine, cluster: Cluster) -> list[int]:
    found: list[int] = []

    def somebody() -> bool:
        found[:] = _may_die(engine, cluster)
        return bool(found)

    wait_until(somebody, 90, "a worker has mail in hand")
    return found


def _may_die(engine: Engine, cluster: Cluster) -> list[int]:
    """None with a mail that so many have died with already: on a slow machine all would die where they begin, and the
    mail be set aside, as it should be.
    """
    in_hand = Message.state.in_(("claimed", "sending"))
    query = sa.select(Message.owner, sa.func.max(Message.recoveries)).where(in_hand).group_by(Message.owner)
    with engine.connect() as connection:
        most = {int(owner.rpartition(":")[2]): deaths for owner, deaths in connection.execute(query) if owner}
    return [pid for pid in sorted(cluster.workers()) if most.get(pid, RECOVERIES) < RECOVERIES]


def _freeze(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(1.5 * LEASE_SECONDS)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _in_doubt(engine: Engine) -> bool:
    """Whether answers may still come: those of the last who were frozen are written down after they go on."""
    doubtful = Message.state.in_((*ON_THE_WAY, "uncertain"))
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(doubtful))))


def _to_do_today(engine: Engine) -> bool:
    soon = sa.and_(Message.state == "pending", Message.act_at <= machine_now())
    in_hand = Message.state.in_(("claimed", "sending", "retrying"))
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(sa.or_(soon, in_hand)))))


def all_workers(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 200 kills of four workers while 20,000 mails go out."""
    kills, each = max(round(200 * share), 5), max(round(2_500 * share), 60)
    ledger = kill_workers(
        folder, each, kills, seed, url and durable_postgresql_url(f"torture_workers_{seed}")
    )
    return f"{kills} kills of {WORKERS} workers, {BOXES * each} mails: {told(ledger)}", ledger.wrong


def all_freezes(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 60 workers that stand still past their lease."""
    times = max(round(20 * share), 2)
    here = url and durable_postgresql_url(f"torture_freezes_{seed}")
    ledger = freeze_workers(folder, 60 * times, times, seed, here)
    return f"{times * (WORKERS - 1)} workers frozen past their lease, {told(ledger)}", ledger.wrong


def all_limits(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 50 mails a day and mailbox, through ten kills."""
    kills = max(round(10 * share), 3)
    left, wrong = limit_through_kills(
        folder, kills, seed, url and durable_postgresql_url(f"torture_limits_{seed}")
    )
    most = f"{min(left.values())} to {max(left.values())} mails left from each"
    return f"{len(left)} mailboxes with {A_DAY} a day, {kills} workers killed: {most}", wrong
