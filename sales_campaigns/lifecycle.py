"""A state changes in one way: a table of legal moves, and one guarded UPDATE that makes a move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from sales_campaigns.database import as_rows, given_rows
from sales_campaigns.errors import IllegalMove

State = TypeVar("State", bound=StrEnum)


class Stateful(Protocol):
    id: Any
    state: Any


@dataclass(frozen=True, eq=False)
class Lifecycle(Generic[State]):
    """`moves` maps an event to (states it may start from, state it ends in); `sentences` explains each state."""

    name: str
    moves: Mapping[str, tuple[frozenset[State], State]]
    sentences: Mapping[State, str]

    def sources(self, event: str) -> frozenset[State]:
        return self.moves[event][0]

    def target(self, event: str) -> State:
        return self.moves[event][1]

    def allows(self, state: State, event: str) -> bool:
        return state in self.sources(event)


def make_move(session: Session, lifecycle: Lifecycle[Any], row: Stateful, event: str, **also: object) -> None:
    """Move one row and set `also` with it; raises IllegalMove when the row is not in a legal source state."""
    session.flush()
    statement = _each(lifecycle, type(row), event, ("id", *also), ())
    given = {f"_{name}": value for name, value in {"id": row.id, **also}.items()}
    if session.connection().execute(statement, given).rowcount != 1:
        raise IllegalMove(_refusal(session, lifecycle, row, event))
    for name, value in {"state": lifecycle.target(event), **also}.items():
        set_committed_value(row, name, value)


def move_many(
    session: Session, lifecycle: Lifecycle[Any], model: Any, event: str, *where: Any, **also: object
) -> list[int]:
    """Move every row that matches and is in a legal source state; the ids of those that moved."""
    found = session.execute(
        sa.update(model)
        .where(model.state.in_(lifecycle.sources(event)), *where)
        .values(state=lifecycle.target(event), **also)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return list(found.scalars())


def move_each(
    session: Session,
    lifecycle: Lifecycle[Any],
    model: Any,
    event: str,
    rows: Sequence[Mapping[str, object]],
    guards: tuple[str, ...] = (),
    also: Mapping[str, object] | None = None,
) -> int:
    """Move many rows, each with values of its own, in one go; how many moved.

    A row of `rows` holds the `id`, the `guards` that must still stand as given, and what is set with the move; all
    get `also`. Objects in the session stay as they were: read them again.
    """
    if not rows:
        return 0
    session.flush()
    names, common = tuple(rows[0]), tuple(also or ())
    shared = {f"_{name}": value for name, value in (also or {}).items()}
    if len(rows) > 1 and session.get_bind().dialect.name == "postgresql":
        statement = _together(lifecycle, model, event, names, guards, common)
        return int(session.connection().execute(statement, {**as_rows(rows), **shared}).rowcount)
    statement = _each(lifecycle, model, event, names + common, guards)
    given = [{**{f"_{name}": value for name, value in row.items()}, **shared} for row in rows]
    changed = session.connection().execute(statement, given if len(given) > 1 else given[0])
    return int(changed.rowcount)


@lru_cache(maxsize=1_000)
def _each(
    lifecycle: Lifecycle[Any], model: Any, event: str, names: tuple[str, ...], guards: tuple[str, ...]
) -> sa.Update:
    """Built once: putting a statement together takes longer than running it."""
    table = model.__table__
    fixed = [table.c[name] == sa.bindparam(f"_{name}") for name in ("id", *guards)]
    changed: dict[str, sa.BindParameter[Any]] = {
        name: sa.bindparam(f"_{name}") for name in names if name not in ("id", *guards)
    }
    return (
        sa.update(table)
        .where(*fixed, _legal(lifecycle, table, event))
        .values(state=lifecycle.target(event), **changed)
    )


@lru_cache(maxsize=100)
def _together(
    lifecycle: Lifecycle[Any],
    model: Any,
    event: str,
    names: tuple[str, ...],
    guards: tuple[str, ...],
    common: tuple[str, ...],
) -> sa.Update:
    """The same for all rows in one statement of PostgreSQL."""
    table = model.__table__
    given = given_rows(table, names)
    fixed = [table.c[name] == given.c[name] for name in ("id", *guards)]
    changed: dict[str, Any] = {name: given.c[name] for name in names if name not in ("id", *guards)}
    changed |= {name: sa.bindparam(f"_{name}", type_=table.c[name].type) for name in common}
    return (
        sa.update(table)
        .where(*fixed, _legal(lifecycle, table, event))
        .values(state=lifecycle.target(event), **changed)
    )


def _legal(lifecycle: Lifecycle[Any], table: Any, event: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(table.c.state == state for state in sorted(lifecycle.sources(event))))


def _refusal(session: Session, lifecycle: Lifecycle[Any], row: Stateful, event: str) -> str:
    state = session.scalar(sa.select(type(row).state).where(type(row).id == row.id))
    if state is None:
        return f"This {lifecycle.name} is no longer there."
    return f"This {lifecycle.name} cannot {event.replace('_', ' ')}: {lifecycle.sentences.get(state, state)}"
