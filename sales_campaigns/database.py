"""SQLite (WAL) and PostgreSQL through the same code: column types, engine, sessions."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

FROZEN_SECONDS = 15  # nobody computes so long between two statements of one transaction
OPENED_ANEW = 600  # seconds that a connection of SQLite lasts: see table_statistics.py

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC on both databases; a naive one is refused before it is stored."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime reached the database: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def checked(members: type[enum.StrEnum]) -> sa.Enum:
    """Text that the database checks against the members' values."""
    return sa.Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=members.__name__.lower(),
        values_callable=lambda kinds: [kind.value for kind in kinds],
    )


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        dict[str, Any]: sa.JSON(),
        dict[str, str]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


def make_engine(url: str) -> Engine:
    """An engine whose SQLite connections are durable, enforce foreign keys, and write one at a time.

    What a statement was given never stands in an error: it may be a mail, or a password. The connection that came back
    last is taken first: it knows the tables and has the statements prepared, where one of many would read them anew.
    """
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        engine = sa.create_engine(
            url,
            pool_size=20,
            max_overflow=100,
            pool_use_lifo=True,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "handle_error", _without_its_row)
        return engine
    Path(sa.make_url(url).database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        pool_size=20,
        max_overflow=200,
        pool_use_lifo=True,
        pool_recycle=OPENED_ANEW,
        connect_args={"timeout": 30},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    """A process that froze inside a transaction must not keep its row locks from the one that takes over.

    Instants come as we keep them: to be moved from another zone, each costs half of what reading it does.
    """
    connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'; SET TIME ZONE 'UTC'")
    connection.commit()


def _without_its_row(context: ExceptionContext) -> None:
    """PostgreSQL tells beside what is wrong which row it was given: a mail, perhaps, or a sealed password."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    if said is not None:
        error.args = (said,)
        if wrapped is not None:
            wrapped.args = (f"({type(error).__name__}) {said}",)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, never by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: SQLite drops FOR SHARE silently, so the gate relies on this."""
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


Sessions = Callable[[], Session]


def make_sessions(engine: Engine, *, reads_only: bool = False, seal: object = None) -> sessionmaker[Session]:
    """Sessions that write, or (reads_only) that never take SQLite's write lock.

    `seal` opens what rows keep sealed and every writer may need: the keys of erased addresses.
    """
    bind = engine.execution_options(reads_only=True) if reads_only else engine
    return sessionmaker(bind, expire_on_commit=False, info={"seal": seal})


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL gave it up because it and another waited for each other: doing it again helps."""
    return getattr(getattr(error, "orig", None), "sqlstate", "") == "40P01"


def given_rows(table: Any, names: Sequence[str]) -> sa.TableValuedAlias:
    """Rows of our own inside one statement of PostgreSQL, with these columns of `table`: see `as_rows`."""
    return given_columns(sa.column(name, table.c[name].type) for name in names)


def given_columns(columns: Iterable[sa.ColumnClause[Any]]) -> sa.TableValuedAlias:
    """The same with columns of several tables."""
    rows = sa.func.json_to_recordset(sa.cast(sa.bindparam("_rows", type_=sa.Text), postgresql.JSON))
    return rows.table_valued(*columns).render_derived(with_types=True)


def as_rows(rows: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """What is bound for `given_rows`: one text for all of them, which costs the server less than many statements."""
    return {"_rows": _TEXT.encode(rows)}


def insert_rows(
    session: Session, model: Any, rows: Sequence[Mapping[str, Any]], *returning: Any
) -> Sequence[sa.Row[Any]]:
    """Add rows that all have the same columns, in one go; what is returned of them is in no order.

    To PostgreSQL they go as one text: thousands of parameters take longer to be read than to be written.
    """
    if not rows:
        return ()
    if session.get_bind().dialect.name == "postgresql":
        session.flush()
        written = session.connection().execute(_from_text(model, tuple(rows[0]), returning), as_rows(rows))
        return written.all() if returning else ()
    if not returning:
        session.execute(sa.insert(model), rows)
        return ()
    return session.execute(sa.insert(model).returning(*returning), rows).all()


@lru_cache(maxsize=100)
def _from_text(model: Any, names: tuple[str, ...], returning: tuple[Any, ...]) -> Any:
    table = model.__table__
    given = given_rows(table, names)
    statement = sa.insert(table).from_select(names, sa.select(*(given.c[name] for name in names)))
    return statement.returning(*(table.c[column.key] for column in returning)) if returning else statement


def _written(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError("a naive datetime is not written into a statement")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} is not written into a statement")


_TEXT = json.JSONEncoder(default=_written, separators=(",", ":"), check_circular=False)


def among(column: Any, name: str) -> sa.ColumnElement[bool]:
    """Whether `column` is one of the numbers bound as `name`: one statement, however many they are."""
    return _Among(column, sa.bindparam(name, type_=_Numbers()))


class _Numbers(TypeDecorator[list[int]]):
    """A list of numbers, bound as one value."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return postgresql.ARRAY(sa.BigInteger) if dialect.name == "postgresql" else sa.Text()

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


class _Among(FunctionElement[bool]):
    name = "among"
    type = sa.Boolean()
    inherit_cache = True


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **options: Any) -> str:
    column, numbers = element.clauses
    return str(compiler.process(column == sa.any_(numbers), **options))


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: Any, **options: Any) -> str:
    column, numbers = element.clauses
    given = sa.func.json_each(numbers).table_valued("value")
    return str(compiler.process(column.in_(sa.select(given.c.value)), **options))
