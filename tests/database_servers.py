"""A PostgreSQL server of our own: how many it lets in, and that it ends and comes back."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import sqlalchemy as sa

from sales_campaigns.database import make_engine

CONNECTIONS = 400  # as docs/many-machines.md counts on
DOWN_SECONDS = 30


def let_in(server: Any, connections: int) -> None:
    """So many at a time. It has to start anew for it, which it does while nobody else is connected."""
    engine = make_engine(server.get_uri())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        known = int(connection.scalar(sa.text("SHOW max_connections")) or 0)
        others = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        )
        idle = not connection.scalar(others)
        if known != connections:
            connection.execute(sa.text(f"ALTER SYSTEM SET max_connections = {connections}"))
    engine.dispose()
    if known != connections and idle:
        start_again(server, signal.SIGINT)


def start_again(server: Any, how: signal.Signals) -> None:
    """SIGQUIT ends it as the loss of power does."""
    pid = server.get_pid()
    os.kill(pid, how)
    deadline = time.monotonic() + DOWN_SECONDS
    while _lives(pid):
        assert time.monotonic() < deadline, "the server is not down"
        time.sleep(0.02)
    time.sleep(0.2)
    server.ensure_postgres_running()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
