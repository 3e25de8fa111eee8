"""Many mailboxes of which some are bad: each says what is wrong with it, and the others keep their time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock, machine_now
from sales_campaigns.database import make_sessions
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.cast import Cast, cast_of
from tests.databases import durable_postgresql_url
from tests.sink import Act, Manners, Sink
from tests.torture.campaign import add_people, one_mail
from tests.torture.installation import SECRET, Installation, wait_until

P99 = timedelta(seconds=30)
EACH = 5  # mails of a mailbox: with more, the last ones would wait for the good server alone
KEPT = 0.8  # of the rate that the others have without bad ones
TAKES_SECONDS = 0.2  # a good server, so that there is time to be disturbed
TEN_MEGABYTES = 10_000_000
BAD: Mapping[str, Manners] = {
    "wrong password": Manners(users={"ana": "another"}),
    "trickles": Manners(script=lambda at, _: Act.TRICKLE if at == "CONNECT" else None),
    "never answers the final dot": Manners(script=lambda at, _: Act.SILENCE if at == "BODY" else None),
    "hangs up": Manners(script=lambda at, _: Act.RESET if at == "CONNECT" else None),
    "replies of 10 MB": Manners(
        script=lambda at, _: b"250-" + b"x" * TEN_MEGABYTES if at == "MAIL" else None
    ),
    "greylists": Manners(script=lambda at, _: "451 4.7.1 come back later" if at == "RCPT" else None),
}
WORDS = {
    "wrong password": "refused the sign-in"
}  # what its owner reads; the others are tried again by themselves


@dataclass(frozen=True)
class Found:
    """Of the good mailboxes: how many mails were taken, how many a second, and how late each began. `wrong`: the
    promises broken.
    """

    taken: int
    rate: float
    late: list[timedelta]
    wrong: list[str]

    @property
    def p99(self) -> timedelta:
        return sorted(self.late)[max(-(-len(self.late) * 99 // 100) - 1, 0)] if self.late else timedelta.max


def send_from_many(
    folder: Path, boxes: int, each: int, url: str = "", bad: Mapping[str, Manners] = BAD
) -> Found:
    """So many mailboxes, and one of each `bad` kind beside them, with so many mails `each` that are due at once."""
    here = Installation(folder, url)
    here.set_up()
    engine = here.engine
    with _servers(bad) as (good, sinks):
        names = _fill(engine, boxes + len(bad), each, good, sinks)
        program = here.start("scheduler", "run")
        try:
            wait_until(lambda: "is running" in here.said(), 60, "the scheduler has started")
            begun, seconds = machine_now(), _until_all_have_sent(good, boxes * each)
            wait_until(
                lambda: all(_trouble(engine, id, WORDS[name]) for name, id in names.items()), 60, "told"
            )
        finally:
            program.kill()  # it would wait for the answers of the bad ones
        found = _books(engine, good, begun, seconds)
    engine.dispose()
    return found


def _until_all_have_sent(good: Sink, mails: int) -> float:
    """The seconds from the first of them to the last."""
    wait_until(lambda: bool(good.caught), 60, "the good ones begin")
    begun = time.monotonic()
    wait_until(lambda: len(good.caught) >= mails, 120 + mails / 10, "the good ones have sent")
    return time.monotonic() - begun


def all_mailboxes(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 200 mailboxes, 6 of them bad; the others keep their time, and the rate they have alone."""
    boxes = max(round(200 * share), 20) - len(BAD)
    alone, beside = (
        _found(url, folder / name, seed, boxes, bad) for name, bad in (("alone", {}), ("beside", BAD))
    )
    wrong = alone.wrong + beside.wrong
    if beside.rate < KEPT * alone.rate:
        wrong.append(f"{beside.rate:.0f} mails a second beside bad mailboxes, {alone.rate:.0f} without")
    said = f"{boxes} mailboxes beside {len(BAD)} bad ones: {beside.taken} mails, p99 {beside.p99.total_seconds():.1f} s"
    return f"{said}, {beside.rate:.0f} mails a second, {alone.rate:.0f} without them", wrong


def _found(url: str, folder: Path, seed: int, boxes: int, bad: Mapping[str, Manners]) -> Found:
    folder.mkdir()
    return send_from_many(folder, boxes, EACH, url and durable_postgresql_url(f"torture_boxes_{seed}"), bad)


@contextmanager
def _servers(bad: Mapping[str, Manners]) -> Iterator[tuple[Sink, dict[str, Sink]]]:
    made = [Sink(Manners(seconds=TAKES_SECONDS)), *(Sink(replace(manners)) for manners in bad.values())]
    try:
        yield made[0], dict(zip(bad, made[1:], strict=True))
    finally:
        for one in made:
            one.close()


def _fill(engine: Engine, boxes: int, each: int, good: Sink, bad: Mapping[str, Sink]) -> dict[str, int]:
    """Cleo launches the same campaign from each; the ids of the bad mailboxes that must say so."""
    seal = Seal(SECRET)
    with unit_of_work(make_sessions(engine, seal=seal), SystemClock()) as uow:
        cast = cast_of(uow)
        people, campaign = add_people(uow, cast, boxes * each), one_mail(uow, cast)
        rows = [_box(uow, cast, number, good.port) for number in range(boxes)]
        for box, (name, sink) in zip(rows, bad.items(), strict=False):
            box.port = sink.port
            if name == "wrong password":
                box.username, box.sealed_secret = "ana", seal.close("mistyped")
        uow.session.flush()
        for number, box in enumerate(rows):
            ids = people[number * each : (number + 1) * each]
            launch(uow, cast.cleo, Order(campaign.id, ids, mailbox_id=box.id), limit=each)
        return {name: box.id for name, box in zip(bad, rows, strict=False) if name in WORDS}


def _box(uow: UnitOfWork, cast: Cast, number: int, port: int) -> Mailbox:
    way = {"provider": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
    box = Mailbox(user_id=cast.cleo.id, address=f"rep{number}@north.example", daily_limit=1_000_000, **way)
    uow.session.add(box)
    return box


def _trouble(engine: Engine, id: int, words: str) -> bool:
    with engine.connect() as connection:
        return words in (connection.scalar(sa.select(Mailbox.trouble).where(Mailbox.id == id)) or "")


def _books(engine: Engine, good: Sink, begun: datetime, seconds: float) -> Found:
    with engine.connect() as connection:
        accepted = sa.select(Message.message_id, Message.due_at, Attempt.at).join(Attempt)
        rows = connection.execute(accepted.where(Attempt.outcome == "accept")).all()
    taken = [mail.message_id for mail in good.caught]
    late = [row.at - max(row.due_at, begun) for row in rows if row.message_id in set(taken)]
    found = Found(len(taken), len(taken) / seconds, late, [])
    checks = {
        f"taken twice: {len(taken) - len(set(taken))}": len(set(taken)) == len(taken),
        f"p99 of the others is {found.p99.total_seconds():.1f} s": found.p99 <= P99,
    }
    return replace(found, wrong=[words for words, right in checks.items() if not right])
