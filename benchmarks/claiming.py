"""Claiming 1,000 due messages and looking for due mail, as the table of messages grows, on PostgreSQL and SQLite.

Two thirds of the table have left, one third waits for later; 1,000 at a time are due. The goal: a claim takes as long
in a large table as in a small one, and looking where nothing is due takes a millisecond at most.
Run: python -m benchmarks.claiming [small] [large]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.dispatch import engine_of
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.claiming import claim_due
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import unit_of_work
from tests.torture.campaign import launch_for

ROUNDS = 7
DUE = 1_000


def main(small: int, large: int) -> None:
    for database in ("SQLite", "PostgreSQL"):
        few, many = (_measured(database, rows) for rows in (small, large))
        print(
            f"{database}: claim of {DUE:,} of {large:,} rows {many[0] * 1e3:.1f} ms, {many[0] / few[0]:.2f} × that "
            f"of {small:,} rows (goal: at most 1.3); a look where nothing is due {many[1] * 1e3:.2f} ms"
        )


def _measured(database: str, rows: int) -> tuple[float, float]:
    """Median seconds of a claim, and of a look for due mail where there is none."""
    with tempfile.TemporaryDirectory() as folder, engine_of(database, Path(folder)) as engine:
        launch_for(engine, ROUNDS * DUE, 0)
        box = _fill(engine, rows)
        sessions = make_sessions(engine)
        claims = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            with unit_of_work(sessions, SystemClock()) as uow:
                assert len(claim_due(uow, box, "benchmark", 900, DUE)) == DUE
            claims.append(time.perf_counter() - begun)
        looks = []
        for _ in range(50):
            with make_sessions(engine, reads_only=True)() as session:
                begun = time.perf_counter()
                assert mailboxes_with_due_mail(session, datetime.now(UTC)) == []
                looks.append(time.perf_counter() - begun)
        return statistics.median(claims), statistics.median(looks)


def _fill(engine: Engine, rows: int) -> int:
    """So many more messages of the same mailbox, copied from one; its id."""
    table: Any = Message.__table__
    later = datetime.now(UTC) + timedelta(days=30)
    others = [column for column in table.c if column.name not in ("id", "occasion", "state", "act_at")]
    numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < rows))
    state = sa.case((numbers.c.n % 3 < 2, "sent"), else_="pending")
    with engine.begin() as connection:
        first = connection.execute(sa.select(table.c.id, table.c.mailbox_id).limit(1)).one()
        copies = sa.select(
            *others,
            (numbers.c.n + 10_000_000).label("occasion"),
            state.label("state"),
            sa.literal(later, table.c.act_at.type).label("act_at"),
        ).where(table.c.id == first.id)
        names = [*(column.name for column in others), "occasion", "state", "act_at"]
        connection.execute(
            sa.insert(table).from_select(names, copies.select_from(table.join(numbers, sa.true())))
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return int(first.mailbox_id)


if __name__ == "__main__":
    main(
        *(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 100_000), (2, 1_000_000)))
    )
