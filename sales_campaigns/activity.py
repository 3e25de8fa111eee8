"""What happened, append-only: audit trail, Live Feed, person timeline, and the queue of reactions in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from sales_campaigns.database import Base, insert_rows

# Kinds that something must follow: they wait in the queue of reactions until `reacted_at` is set.
AWAITED = frozenset(
    {
        "message.sent",
        "messages.sent",
        "message.failed",
        "message.cancelled",
        "message.expired",
        "reply.received",
        "wrote.received",
        "auto_reply.received",
        "meeting.received",
        "unsubscribe.received",
        "bounce.received",
        "delay.received",
        "complaint.received",
        "task.assigned",
        "mailbox.lost",
        "receipt.received",
        "crm.completed",
        "crm.deleted",
        "crm.opted_out",
        "delivery.alarm",
        "mailbox draft.sent",
        "mailbox draft.found",
        "delivery.reminded",
        "increment.waiting",
        "test.waiting",
    }
)


class Activity(Base):
    __tablename__ = "activity"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(sa.String(48))
    actor_id: Mapped[int | None]
    team_id: Mapped[int | None]
    person_id: Mapped[int | None]
    campaign_id: Mapped[int | None]
    enrollment_id: Mapped[int | None]
    message_id: Mapped[int | None]
    task_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    awaited: Mapped[bool] = mapped_column(default=False)
    reacted_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)  # of the reaction to it; after the last one it is set aside
    trouble: Mapped[str] = mapped_column(sa.Text, default="")  # why it is set aside
    # Whether webhooks wait for it: only where there are any, so that nobody else pays for them.
    untold: Mapped[bool] = mapped_column(
        default=sa.text("(SELECT EXISTS (SELECT 1 FROM webhook WHERE active))")
    )

    __table_args__ = (
        sa.Index(
            "ix_activity_awaited",
            "id",
            postgresql_where=sa.text("awaited AND reacted_at IS NULL"),
            sqlite_where=sa.text("awaited AND reacted_at IS NULL"),
        ),
        sa.Index(
            "ix_activity_set_aside",
            "id",
            postgresql_where=sa.text("trouble <> ''"),
            sqlite_where=sa.text("trouble <> ''"),
        ),
        sa.Index(
            "ix_activity_untold",
            "id",
            postgresql_where=sa.text("untold"),
            sqlite_where=sa.text("untold"),
        ),
        sa.Index("ix_activity_team_at", "team_id", "at"),
        sa.Index("ix_activity_person", "person_id", "at"),
        sa.Index("ix_activity_campaign", "campaign_id", "at"),
    )


def append(session: Session, at: datetime, kind: str, **fields: Any) -> Activity:
    """Add one row; `fields` are columns of Activity, what fits none of them belongs in `data`."""
    row = Activity(at=at, kind=kind, awaited=kind in AWAITED, **fields)
    session.add(row)
    return row


def append_many(session: Session, at: datetime, kind: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Add one row for each, in one statement; their ids, in no order. `rows` are columns as for `append`."""
    filled = [{"data": {}, **row, "at": at, "kind": kind, "awaited": kind in AWAITED} for row in rows]
    names = list(dict.fromkeys(name for row in filled for name in row))
    whole = [{name: row.get(name) for name in names} for row in filled]
    return [row.id for row in insert_rows(session, Activity, whole, Activity.id)]
