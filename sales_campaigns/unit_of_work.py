"""One session, one now, commit or nothing. Requests, ticks and commands open it; use cases only use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.activity import Activity, append, append_many
from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions
from sales_campaigns.lifecycle import Lifecycle, Stateful, make_move


@dataclass
class UnitOfWork:
    session: Session
    now: datetime
    speed: float = 1.0
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def record(self, kind: str, **fields: Any) -> Activity:
        """Append one Activity row to this transaction."""
        return append(self.session, self.now, kind, **fields)

    def record_many(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append one Activity row for each of `rows` (columns by name) in one statement."""
        append_many(self.session, self.now, kind, rows)

    def move(
        self,
        lifecycle: Lifecycle[Any],
        row: Stateful,
        event: str,
        *,
        about: dict[str, Any] | None = None,
        **also: object,
    ) -> None:
        """Make one legal move and record `<lifecycle>.<state it ends in>`; `about` are Activity columns."""
        make_move(self.session, lifecycle, row, event, **also)
        self.record(f"{lifecycle.name}.{lifecycle.target(event)}", **(about or {}))

    def people_seconds(self, seconds: float) -> timedelta:
        """So many seconds as a person at the screen feels them, in business time."""
        return timedelta(seconds=seconds * self.speed)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Run `act` once the transaction stands, such as waking a tick."""
        self.afterwards.append(act)


@contextmanager
def unit_of_work(sessions: Sessions, clock: Clock) -> Iterator[UnitOfWork]:
    """Commits at the end of the block, rolls back when it raises."""
    session = sessions()
    try:
        uow = UnitOfWork(session, _now(session, clock), clock.speed)
        session.info["now"] = uow.now
        yield uow
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()
    for act in uow.afterwards:
        act()


def now_of(session: Session) -> datetime:
    """The business time of the unit of work that this session belongs to, for reads that are handed a session."""
    now = session.info["now"]
    assert isinstance(now, datetime)
    return now


def _now(session: Session, clock: Clock) -> datetime:
    """Real business time is read from PostgreSQL, so that machines with different clocks agree."""
    if clock.real and session.get_bind().dialect.name == "postgresql":
        now = session.scalar(sa.select(sa.func.transaction_timestamp()))
        assert isinstance(now, datetime)
        return now
    return clock.now()
