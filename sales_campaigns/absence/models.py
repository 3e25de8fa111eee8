"""Rows of absence: what a rescue of overdue tasks did, so that it can be undone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class RescueKind(StrEnum):
    SPREAD = "spread"
    SKIP = "skip"
    CLEAR = "clear"


class Rescue(Base):
    """One act on a rep's overdue tasks."""

    __tablename__ = "rescue"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    how: Mapped[RescueKind] = mapped_column(checked(RescueKind))
    at: Mapped[datetime]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class RescuedTask(Base):
    """One task of a rescue, and when it was due before."""

    __tablename__ = "rescued_task"

    rescue_id: Mapped[int] = mapped_column(sa.ForeignKey("rescue.id", ondelete="CASCADE"), primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
