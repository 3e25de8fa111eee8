"""What the database knows of its tables when it chooses an index. PostgreSQL gathers that by itself, SQLite never does.

A connection of SQLite reads it when it is opened, so they are opened anew after a while (`database.OPENED_ANEW`).
Without it SQLite reads all tasks that a rep ever had to find the open ones: measured, 9 ms of a list instead of 4.
"""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.unit_of_work import UnitOfWork

LOOKED_AT = 10_000  # rows of each index: a tenth of a second in all, however large the tables


def gather_statistics(uow: UnitOfWork) -> int:
    """Of every table, on SQLite; 0, as a job that did nothing anybody waits for."""
    session = uow.session
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text(f"PRAGMA analysis_limit = {LOOKED_AT}"))
        session.execute(sa.text("ANALYZE"))
    return 0
