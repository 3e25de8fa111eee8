"""How often a token may ask where several processes answer: one bucket for all of them, kept by PostgreSQL.

SQLite has one serving process, which keeps the buckets in its memory.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

# The bucket fills evenly by the clock of the database, whichever process asks.
FILLED = "LEAST(:most, api_rate.level + GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - api_rate.at)) * :most / 60)"
TAKE = sa.text(
    "INSERT INTO api_rate (token_id, level, passes, at) VALUES (:token, :most - 1, true, clock_timestamp()) "  # noqa: S608  our own words
    f"ON CONFLICT (token_id) DO UPDATE SET level = {FILLED} - CASE WHEN {FILLED} >= 1 THEN 1 ELSE 0 END, "
    f"passes = {FILLED} >= 1, at = clock_timestamp() RETURNING passes, level"
)
# What a loss of power takes is a few requests of one minute.
LAZILY = sa.text("SET LOCAL synchronous_commit = off")


def take_together(engine: Engine, token_id: int, a_minute: int) -> tuple[bool, float]:
    """Whether one more request of this token may pass, and how many are left; in a transaction of its own."""
    with engine.begin() as connection:
        connection.execute(LAZILY)
        row = connection.execute(TAKE, {"token": token_id, "most": float(a_minute)}).one()
    return row.passes, row.level
