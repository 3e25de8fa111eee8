"""Rows of tasks: the items of a rep's Command Center."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class TaskKind(StrEnum):
    EMAIL = "email"
    CALL = "call"
    INMAIL = "inmail"
    CUSTOM = "custom"


class TaskState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class Task(Base):
    """`due_at` is when it is due, `snoozed_until` hides it until then; `source` says where it came from."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    assignee_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kind: Mapped[TaskKind] = mapped_column(checked(TaskKind))
    name: Mapped[str] = mapped_column(sa.String(300))
    details: Mapped[str] = mapped_column(sa.Text, default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    priority: Mapped[Priority] = mapped_column(checked(Priority), default=Priority.NORMAL)
    state: Mapped[TaskState] = mapped_column(checked(TaskState), default=TaskState.OPEN)
    due_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(sa.String(80), default="")
    reason: Mapped[str] = mapped_column(sa.String(80), default="")
    source: Mapped[str] = mapped_column(sa.String(24), default="reminder")
    campaign_id: Mapped[int | None]
    enrollment_id: Mapped[int | None] = mapped_column(index=True)
    step_run_id: Mapped[int | None] = mapped_column(unique=True)
    step_label: Mapped[str] = mapped_column(sa.String(300), default="")  # "Renewals EMEA · day 5, step 2"
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    # The mail that a reminder was made from; `message_id` is the mail that completes the task.
    origin_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    undo_until: Mapped[datetime | None]
    # Whoever is on leave and has the task again afterwards.
    lent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    # Set by every statement that writes the row, and taken back by whoever follows tasks from outside (the CRM).
    unseen: Mapped[bool] = mapped_column(default=True, onupdate=True, server_default=sa.false())

    __table_args__ = (
        sa.Index(
            "ix_task_open",
            "assignee_id",
            "due_at",
            "id",
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_task_ended", "assignee_id", "ended_at"),
        sa.Index("ix_task_campaign", "campaign_id", "state"),
        sa.Index("ix_task_message", "message_id"),
        sa.Index(
            "ix_task_unseen",
            "team_id",
            "id",
            postgresql_where=sa.text("unseen"),
            sqlite_where=sa.text("unseen"),
        ),
        sa.Index(
            "ix_task_lent",
            "lent_by_id",
            postgresql_where=sa.text("lent_by_id IS NOT NULL"),
            sqlite_where=sa.text("lent_by_id IS NOT NULL"),
        ),
    )


class TaskChange(Base):
    """What an act changed of one task: its history, and what undoing that act needs.

    `batch_id` is the line of the activity that the act wrote, one for however many tasks it changed.
    """

    __tablename__ = "task_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"), index=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    what: Mapped[str] = mapped_column(sa.String(16))
    before: Mapped[str] = mapped_column(sa.Text, default="")
    after: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (sa.Index("ix_task_change_task", "task_id", "id"),)


class ChoiceKind(StrEnum):
    OUTCOME = "outcome"
    REASON = "reason"


class Tone(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class CallChoice(Base):
    """One line of a team's own list of call outcomes or reasons; a team without lines has those of `outcomes`."""

    __tablename__ = "call_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    kind: Mapped[ChoiceKind] = mapped_column(checked(ChoiceKind))
    place: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    reached: Mapped[bool] = mapped_column(default=False)
    tone: Mapped[Tone] = mapped_column(checked(Tone), default=Tone.NEUTRAL)

    __table_args__ = (
        sa.UniqueConstraint("team_id", "kind", "name"),
        sa.UniqueConstraint("team_id", "kind", "place"),
    )
