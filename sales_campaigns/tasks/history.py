"""What was done to one task, the oldest first: snoozed, given, moved, changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.tasks.changing import read_back
from sales_campaigns.tasks.models import Task, TaskChange


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """`before` and `after` are columns of the task; `assignee` is who got it, where that changed."""

    change: TaskChange
    actor: str
    before: dict[str, Any]
    after: dict[str, Any]
    assignee: str = ""


def changes_of(session: Session, task: Task, limit: int = 50) -> Sequence[ChangeLine]:
    """At most the last `limit`, in one query and one for the names."""
    rows = session.scalars(
        sa.select(TaskChange).where(TaskChange.task_id == task.id).order_by(TaskChange.id.desc()).limit(limit)
    ).all()
    kept = [(row, _columns(row.before), _columns(row.after)) for row in reversed(rows)]
    names = _names(
        session, {row.actor_id for row, _, _ in kept} | {after.get("assignee_id") for _, _, after in kept}
    )
    return [
        ChangeLine(
            row, names.get(row.actor_id, ""), before, after, names.get(after.get("assignee_id", 0), "")
        )
        for row, before, after in kept
    ]


def last_act(session: Session, task: Task) -> int | None:
    """The act that changed this task last, by the name under which it is undone."""
    return session.scalar(sa.select(sa.func.max(TaskChange.batch_id)).where(TaskChange.task_id == task.id))


def _columns(words: str) -> dict[str, Any]:
    """An ending keeps no columns, only its outcome."""
    return read_back(words) if words.startswith("{") else {}


def _names(session: Session, ids: set[Any]) -> dict[int, str]:
    found = session.scalars(sa.select(User).where(User.id.in_([id for id in ids if id]))) if ids else ()
    return {user.id: user.name for user in found}
