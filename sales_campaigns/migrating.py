"""Bring a database to the newest schema, or back; safe to call from several processes at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_240_511  # any number, the same in every process


def upgrade(engine: Engine, revision: str = "head") -> None:
    with engine.connect() as connection:
        _alone(connection)
        command.upgrade(_config(connection), revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    with engine.connect() as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)
        connection.commit()


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest revision of this code."""
    with engine.connect() as connection:
        newest = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == newest


@cache
def newest_revision() -> str:
    """Of this code; a database says its own by `is_current`."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def write_revision(engine: Engine, words: str) -> None:
    """A new revision from the difference between the models and this database."""
    with engine.connect() as connection:
        command.revision(_config(connection), message=words, autogenerate=True)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _alone(connection: Connection) -> None:
    """One migration at a time; on SQLite the write lock that every transaction takes does this."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    else:
        connection.execute(sa.text("SELECT 1"))
