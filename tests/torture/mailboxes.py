"""Many mailboxes of which some are bad: each says what is wrong with it, and the others keep their time."""

from __future__ import annotations

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
TEN_MEGABYTES = 10_000_000
BAD: Mapping[str, Manners] = {
    "wrong password": Manners(users={"ana": "another"}),
    "trickles": Manners(seconds=20),
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
    """Of the good mailboxes: how many mails were taken, and how late each began. `wrong`: the promises broken."""

    taken: int
    late: list[timedelta]
    wrong: list[str]

    @property
    def p99(self) -> timedelta:
        return sorted(self.late)[max(-(-len(self.late) * 99 // 100) - 1, 0)] if self.late else timedelta.max


def send_from_many(folder: Path, boxes: int, each: int, url: str = "") -> Found:
    """So many mailboxes, one of each bad kind among them, with so many mails `each` that are due at once."""
    here = Installation(folder, url)
    here.set_up()
    engine = here.engine
    with _servers() as (good, bad):
        names = _fill(engine, boxes, each, good, bad)
        program = here.start("scheduler", "run")
        try:
            wait_until(lambda: "is running" in here.said(), 60, "the scheduler has started")
            begun = machine_now()
            expected = (boxes - len(bad)) * each
            wait_until(
                lambda: len(good.caught) >= expected, 120 + boxes * each / 10, "the good ones have sent"
            )
            wait_until(
                lambda: all(_trouble(engine, id, WORDS[name]) for name, id in names.items()), 60, "told"
            )
        finally:
            program.kill()  # it would wait for the answers of the bad ones
        found = _books(engine, good, begun)
    engine.dispose()
    return found


def all_mailboxes(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 200 mailboxes, 6 of them bad."""
    boxes = min(max(round(200 * share), 20), 200)
    found = send_from_many(folder, boxes, 5, url and durable_postgresql_url(f"torture_boxes_{seed}"))
    said = f"{boxes} mailboxes, {len(BAD)} of them bad: {found.taken} mails of the others"
    return f"{said}, p99 {found.p99.total_seconds():.1f} s", found.wrong


@contextmanager
def _servers() -> Iterator[tuple[Sink, dict[str, Sink]]]:
    made = [Sink(), *(Sink(replace(manners)) for manners in BAD.values())]
    try:
        yield made[0], dict(zip(BAD, made[1:], strict=True))
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


def _books(engine: Engine, good: Sink, begun: datetime) -> Found:
    with engine.connect() as connection:
        accepted = sa.select(Message.message_id, Message.due_at, Attempt.at).join(Attempt)
        rows = connection.execute(accepted.where(Attempt.outcome == "accept")).all()
    taken = [mail.message_id for mail in good.caught]
    late = [row.at - max(row.due_at, begun) for row in rows if row.message_id in set(taken)]
    found = Found(len(taken), late, [])
    checks = {
        f"taken twice: {len(taken) - len(set(taken))}": len(set(taken)) == len(taken),
        f"p99 of the others is {found.p99.total_seconds():.1f} s": found.p99 <= P99,
    }
    return replace(found, wrong=[words for words, right in checks.items() if not right])
