"""Bring a database to the newest schema, or back; safe to call from several processes at once."""

from __future__ import annotations

from enum import Enum, auto
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from sales_campaigns.errors import IllegalMove

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_240_511  # any number, the same in every process
BEHIND_WORDS = "The database is older than this version: run flask --app wsgi db upgrade first."


class Standing(Enum):
    """Where the schema of a database stands, as this code sees it. It goes on with one that is AHEAD."""

    CURRENT = auto()
    BEHIND = auto()
    AHEAD = auto()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """What a newer version has made of it stays: its code may be taken back, and its schema carries ours."""
    with engine.connect() as connection:
        _alone(connection)
        if _standing(connection) is not Standing.AHEAD:
            command.upgrade(_config(connection), revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    with engine.connect() as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)
        connection.commit()


def standing(engine: Engine) -> Standing:
    with engine.connect() as connection:
        return _standing(connection)


def require_schema(connection: Connection) -> None:
    """For processes that live long. Raises IllegalMove where the database lacks what this code asks for."""
    if _standing(connection) is Standing.BEHIND:
        raise IllegalMove(BEHIND_WORDS)


def newest_revision() -> str:
    """Of this code; a database says its own by `standing`."""
    return _revisions()[0]


@cache
def _revisions() -> tuple[str, ...]:
    """All that this code knows, the newest first."""
    return tuple(one.revision for one in ScriptDirectory(str(FOLDER)).walk_revisions())


def _standing(connection: Connection) -> Standing:
    found = MigrationContext.configure(connection).get_current_revision()
    if found == newest_revision():
        return Standing.CURRENT
    return Standing.BEHIND if found is None or found in _revisions() else Standing.AHEAD


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
