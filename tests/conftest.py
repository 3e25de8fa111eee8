"""What every test may ask for: a database of either kind, a clock that stands still, the cast."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from integrations.directory import connected
from integrations.imap import Readers, Settings
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.cast import Cast, cast_of
from tests.databases import drop_databases, empty, empty_engine, postgresql_url, run_name, worker_name
from tests.sink import Sink
from tests.stand_ins.reaching import crms_at

pytest_plugins = ["tests.programs", "tests.pace", "tests.mta.offices", "tests.stand_ins.asked_for"]

# How long an example takes says how busy the machine is, nothing about the product.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SEAL = Seal("only for the tests, and long enough")
Work = Callable[[], AbstractContextManager[UnitOfWork]]


@event.listens_for(Engine, "connect")
def what_has_no_order_comes_in_any(connection: object, _record: object) -> None:
    """PostgreSQL orders as it likes what asks for no order; SQLite here too, so that what counts on one is red."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects = ON")


def pytest_configure() -> None:
    run_name()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        drop_databases(run_name())


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path: Path = tmp_path_factory.mktemp("sqlite") / "test.sqlite3"
    with empty_engine(f"sqlite:///{path}") as engine:
        yield engine


@pytest.fixture(scope="session")
def postgresql_engine() -> Iterator[Engine]:
    with empty_engine(postgresql_url(worker_name())) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database; the test runs once on each kind."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    yield engine
    empty(engine)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine, seal=SEAL)


@pytest.fixture
def clock() -> VirtualClock:
    """Monday 30 November 2026, 09:00 in Stockholm."""
    return VirtualClock(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))


@pytest.fixture
def work(sessions: sessionmaker[Session], clock: VirtualClock) -> Work:
    """`with work() as uow:` is one transaction."""
    return lambda: unit_of_work(sessions, clock)


@pytest.fixture
def outside() -> Iterator[OutsideWorld]:
    """The outside, reached over real sockets."""
    providers, readers = connected(), Readers(Settings(wait_seconds=5))
    yield OutsideWorld(mail=providers, readers=readers, crms=crms_at())
    providers.close_all()
    readers.close_all()


@pytest.fixture
def cast(work: Work) -> Cast:
    with work() as uow:
        return cast_of(uow)


@pytest.fixture
def room(
    engine: Engine, sessions: sessionmaker[Session], clock: VirtualClock, outside: OutsideWorld
) -> PostRoom:
    return PostRoom(
        sessions=sessions,
        reads=make_sessions(engine, reads_only=True),
        clock=clock,
        providers=outside.mail,
        seal=SEAL,
        owner="test",
    )


@pytest.fixture
def sink(work: Work, cast: Cast) -> Iterator[Sink]:
    """The server that everybody's mailbox leads to."""
    with Sink() as sink:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        yield sink


@pytest.fixture
def queries(engine: Engine) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with queries() as seen:` collects the statements that a page needs."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        yield seen
        event.remove(engine, "before_cursor_execute", note)

    return counted
