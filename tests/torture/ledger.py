"""The two books side by side: the rows of the product, and the log of the server that got the mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.activity import Activity
from sales_campaigns.messages.models import Attempt, Message, MessageState
from tests.torture.installation import Receiver

ON_THE_WAY = ("pending", "claimed", "sending", "retrying")


@dataclass
class Ledger:
    """What a run came to. `wrong` holds a sentence for each promise that was broken: it must be empty."""

    states: dict[str, int]
    taken: int
    uncertain_and_taken: int
    wrong: list[str] = field(default_factory=list)


def balance(engine: Engine, receiver: Receiver, expected: int, launched: int = 1) -> Ledger:
    """Compare: nothing lost, nothing twice, everything that was taken is sent or uncertain, the history is there."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Message.message_id, Message.email, Message.state)).all()
        sent_told = _count(connection, sa.select(Activity.id).where(Activity.kind == "message.sent"))
        batches = connection.scalars(sa.select(Activity.data).where(Activity.kind == "messages.sent"))
        sent_told += sum(len(data["messages"]) for data in batches)
        launches = _count(connection, sa.select(Activity.id).where(Activity.kind == "launch.made"))
        accepts = _count(connection, sa.select(Attempt.id).where(Attempt.outcome == "accept"))
    states = Counter(str(row.state) for row in rows)
    taken = receiver.taken()
    sent = {row.message_id for row in rows if row.state is MessageState.SENT}
    uncertain = {row.message_id for row in rows if row.state is MessageState.UNCERTAIN}
    ids = {message_id for _, message_id in taken}
    checks = {
        f"{len(rows)} rows for {expected} people": len(rows) == expected,
        f"neither sent nor uncertain: {dict(states)}": states["sent"] + states["uncertain"] == expected,
        f"taken twice: {_twice(message_id for _, message_id in taken)}": len(ids) == len(taken),
        f"two mails to one person: {_twice(email for email, _ in taken)}": not _twice(e for e, _ in taken),
        f"sent and never taken: {sorted(sent - ids)}": sent <= ids,
        f"taken and called neither sent nor uncertain: {sorted(ids - sent - uncertain)}": ids
        <= sent | uncertain,
        f"{sent_told} lines of history for {len(sent)} sent": sent_told == len(sent),
        f"{accepts} attempts accepted for {len(sent)} sent": accepts == len(sent),
        f"{launches} launches in the history": launches == launched,
    }
    wrong = [words for words, right in checks.items() if not right]
    return Ledger(dict(states), len(taken), len(ids & uncertain), wrong)


def is_quiet(engine: Engine) -> bool:
    """Whether no message is on its way any more."""
    with engine.connect() as connection:
        return not _count(connection, sa.select(Message.id).where(Message.state.in_(ON_THE_WAY)))


def _count(connection: sa.Connection, query: sa.Select[int]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def _twice(names: Iterable[str | None]) -> list[str | None]:
    return [name for name, times in Counter(names).items() if times > 1]
