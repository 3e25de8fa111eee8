"""kill -9 at named points of a mail's way, with a mail of each of ten mailboxes there, and again in the rescue.

The receiving server falls silent at a position of the dialogue, or a lock in the database holds the product up: then
it is killed, the hold is gone, and another process goes on. What must become of the mails is known for each point: of a
mailbox that sends one by one of each mail, of a bulk lane how many may be in doubt.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.models import Message
from tests.databases import durable_postgresql_url
from tests.sink import Act, Manners, Sink
from tests.torture.campaign import launch_from_boxes
from tests.torture.installation import Installation, wait_until
from tests.torture.ledger import is_quiet

PEOPLE, MESSAGES = "SELECT id FROM person FOR UPDATE", "SELECT id FROM message FOR UPDATE"
HISTORY, NO_MOVE = "LOCK TABLE activity IN SHARE MODE", "LOCK TABLE message IN SHARE MODE"
OF_A_LANE = 40  # mails
CONNECTIONS = 4  # of a lane
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@dataclass(frozen=True)
class Point:
    """`silent`: the position at which the server does `act`, for the first mail of each mailbox. `lock` holds up what
    comes next, on PostgreSQL; `rescue` what the next process does first, which is killed too. `journal`: whether the
    next process finds it. `taken`: how often the server has each mail in the end.
    """

    name: str
    silent: str = ""
    act: Act = Act.SILENCE
    lock: str = ""
    rescue: str = ""
    journal: bool = True
    state: str = "sent"
    taken: int = 1


POINTS = (
    Point("claimed, at the gate", lock=PEOPLE),
    Point("let through, nobody said hello", "CONNECT"),
    Point("at EHLO", "EHLO"),
    Point("at MAIL", "MAIL"),
    Point("at RCPT", "RCPT"),
    Point("at DATA", "DATA"),
    Point("in the body", "BODY", Act.DEAF, state="uncertain", taken=0),
    Point("behind the dot, no answer yet", "BODY", Act.SILENCE_AFTER_ALL, state="uncertain"),
    Point("answered, nothing written down", "BODY", lock=MESSAGES),
    Point("answered, half written down", "BODY", lock=HISTORY),
    Point("in the rescue by the journal", "DATA", rescue=NO_MOVE),
    Point("in the rescue by the lease", "DATA", rescue=NO_MOVE, journal=False, state="uncertain", taken=0),
)


def kill_at(point: Point, folder: Path, boxes: int, url: str, *, bulk: bool = False) -> list[str]:
    """A sentence for each mail that is not what it must be."""
    here = Installation(folder, url)
    here.set_up()
    engine, stage = here.engine, _Stage(point, boxes)
    with Sink(Manners(script=stage.script)) as sink:
        launch_from_boxes(engine, boxes, OF_A_LANE if bulk else 1, sink.port)
        if bulk:
            _make_bulk_lanes(engine)
        _kill_there(here, engine, stage)
        stage.over()
        if not point.journal:
            shutil.rmtree(folder / "journals", ignore_errors=True)
        if point.rescue:
            with _held(engine, point.rescue):
                _kill_when(here, lambda: _held_up(engine, 1))
        _let_it_end(here, engine)
        arrived = Counter(mail.recipients[0] for mail in sink.caught)
    wrong = _wrong_of_lanes(point, engine, arrived, boxes) if bulk else _wrong(point, engine, arrived)
    engine.dispose()
    return wrong


def _make_bulk_lanes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(Mailbox).values(bulk_lane=True))


def _kill_there(here: Installation, engine: Engine, stage: _Stage) -> None:
    point, boxes = stage.point, stage.boxes
    if not point.lock:
        _kill_when(here, stage.is_reached)
    elif not point.silent:
        with _held(engine, point.lock):
            _kill_when(here, lambda: _held_up(engine, boxes))
    else:
        program = here.start("scheduler", "run")
        wait_until(stage.is_reached, 60, f"all are at {point.silent}")
        with _held(engine, point.lock):
            stage.locked.set()
            wait_until(lambda: _held_up(engine, boxes), 60, "what comes next is held up")
            program.kill()


class _Stage:
    """The server's part: who has reached the point, and what is done there."""

    def __init__(self, point: Point, boxes: int) -> None:
        self.point = point
        self.boxes = boxes
        self.there = 0
        self.locked = threading.Event()
        self.open = True
        self._lock = threading.Lock()

    def script(self, position: str, argument: str) -> Act | None:
        if not self.open or position != self.point.silent:
            return None
        with self._lock:
            self.there += 1
        if self.point.lock:  # it answers, once what comes next is held up
            self.locked.wait(60)
            return None
        return self.point.act

    def is_reached(self) -> bool:
        return self.there >= self.boxes

    def over(self) -> None:
        self.open = False


def _kill_when(here: Installation, reached: Callable[[], bool]) -> None:
    program = here.start("scheduler", "run")
    wait_until(reached, 60, "all mails are at the point")
    program.kill()


def _let_it_end(here: Installation, engine: Engine) -> None:
    program = here.start("scheduler", "run")
    try:
        wait_until(lambda: is_quiet(engine), 90, "every message sent or uncertain")
    finally:
        program.end()


@contextmanager
def _held(engine: Engine, lock: str) -> Iterator[None]:
    """Inside the block a transaction of ours holds this lock; it is gone when the block ends."""
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(sa.text(lock))
        yield
        connection.rollback()


def _held_up(engine: Engine, number: int) -> bool:
    with engine.connect() as connection:
        return (connection.scalar(sa.text(WAITING)) or 0) >= number


def _wrong(point: Point, engine: Engine, arrived: Counter[str]) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Message.email, Message.state)).all()
    return [
        f"{point.name}: {row.email} is {row.state}, taken {arrived[row.email]} times"
        for row in rows
        if row.state != point.state or arrived[row.email] != point.taken
    ]


def _wrong_of_lanes(point: Point, engine: Engine, arrived: Counter[str], boxes: int) -> list[str]:
    """Each is sent or in doubt, and nobody has a mail twice. In doubt is one for each connection, where a body had
    begun; all that were let through, where nobody knows which; none at the other points.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Message.email, Message.state)).all()
    doubts = [row.email for row in rows if row.state == "uncertain"]
    began = point.state == "uncertain" or point.silent == "BODY"
    most = boxes * (0 if not began else CONNECTIONS if point.journal else OF_A_LANE)
    wrong = [
        f"{point.name}: {row.email} is {row.state}, taken {arrived[row.email]} times"
        for row in rows
        if row.state not in ("sent", "uncertain")
        or arrived[row.email] > 1
        or (row.state == "sent" and not arrived[row.email])
    ]
    if len(doubts) > most or (point.state == "uncertain" and not doubts):
        wrong.append(f"{point.name}: {len(doubts)} in doubt of at most {most}")
    return wrong


def all_points(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: 12 points × 10 mails; those that a lock holds up are of PostgreSQL."""
    return _all_points(url, folder, seed, share, bulk=False)


def all_lane_points(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """The same with bulk lanes."""
    return _all_points(url, folder, seed, share, bulk=True)


def _all_points(url: str, folder: Path, seed: int, share: float, *, bulk: bool) -> tuple[str, list[str]]:
    boxes = 10 if share >= 1 else 3
    points = [one for one in POINTS if url or not (one.lock or one.rescue)]
    wrong: list[str] = []
    for point in points:
        place = folder / point.name
        place.mkdir()
        database = url and durable_postgresql_url(f"torture_{'lane_' if bulk else ''}points_{seed}")
        wrong += kill_at(point, place, boxes, database, bulk=bulk)
    return f"{len(points)} points × {boxes * (OF_A_LANE if bulk else 1)} mails", wrong
