"""What a server took of a batch, written down in one statement of PostgreSQL: messages and their attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.database import as_rows, given_columns
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.outcomes import ACCEPTED
from sales_campaigns.messages.states import MESSAGE

IN_HAND = (MessageState.SENDING, MessageState.UNCERTAIN)
_MESSAGE: Any = Message.__table__
_OF_MESSAGE = ("id", "generation", "attempts", "words", "provider_id", "thread_id")
# Of a mail that was taken nothing of what went before is left.
_EMPTY = {"reason": "", "failure": None, "lease_until": None, "owner": None}


def settle_together(
    session: Session, event: str, rows: Sequence[Mapping[str, object]], also: Mapping[str, object]
) -> set[int]:
    """Move messages by `event` and note their attempts; the ids of those that were still in hand.

    A row has `id`, `generation`, `attempts` (the number of the hand-over), `words`, `provider_id`, `thread_id` and
    `code`. `also` are columns of the message that all get, `ended_at` among them.
    """
    statement = _statement(event, tuple(sorted(also)))
    given = {**as_rows(rows), **{f"_{name}": value for name, value in also.items()}}
    return set(session.connection().execute(statement, given).scalars())


@lru_cache(maxsize=10)
def _statement(event: str, common: tuple[str, ...]) -> sa.Insert:
    """Messages are locked in one order for everybody; whoever has settled one meanwhile keeps it."""
    columns = [sa.column(name, _MESSAGE.c[name].type) for name in _OF_MESSAGE]
    given = sa.select(*given_columns([*columns, sa.column("code", sa.Integer())]).c).cte("given")
    mine = (
        sa.select(_MESSAGE.c.id)
        .join(given, given.c.id == _MESSAGE.c.id)
        .where(_MESSAGE.c.generation == given.c.generation, _MESSAGE.c.state.in_(IN_HAND))
        .order_by(_MESSAGE.c.id)
        .with_for_update(of=_MESSAGE)
        .cte("mine")
        .prefix_with("MATERIALIZED")
    )
    values: dict[str, Any] = {name: given.c[name] for name in ("words", "provider_id", "thread_id")}
    values |= {name: sa.bindparam(f"_{name}", type_=_MESSAGE.c[name].type) for name in common}
    settled = (
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id == mine.c.id, _MESSAGE.c.id == given.c.id)
        .values(state=MESSAGE.target(event), **values, **_EMPTY)
        .returning(_MESSAGE.c.id, _MESSAGE.c.ended_at)
        .cte("settled")
    )
    attempts = sa.select(
        given.c.id,
        given.c.attempts,
        settled.c.ended_at,
        sa.literal(ACCEPTED.event),
        given.c.code,
        given.c.words,
    ).join(settled, settled.c.id == given.c.id)
    names = ["message_id", "number", "at", "outcome", "code", "words"]
    return sa.insert(Attempt).from_select(names, attempts).returning(Attempt.message_id)
