"""Rows of enrollments: a person going through a campaign, and each step of the way."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class EnrollmentState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    HELD = "held"
    FINISHED = "finished"
    ENDED = "ended"


class StepRunState(StrEnum):
    PLANNED = "planned"  # a task that has not opened yet
    SCHEDULED = "scheduled"  # a mail that waits for its instant
    TASK_OPEN = "task_open"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Launch(Base):
    """One act of adding people: who, when, how many, which version."""

    __tablename__ = "launch"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"), index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign_version.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id"))
    at: Mapped[datetime]
    recipients_zone: Mapped[bool] = mapped_column(default=False)
    send_at: Mapped[dict[str, Any]] = mapped_column(default=dict)  # step key → local time, "2026-12-01T09:00"
    first_key: Mapped[str] = mapped_column(
        sa.String(32), default=""
    )  # the step it starts at; "" is the first
    targeted: Mapped[int] = mapped_column(default=0)
    started: Mapped[int] = mapped_column(default=0)
    excluded: Mapped[dict[str, Any]] = mapped_column(default=dict)  # cause → number of people
    request_key: Mapped[str | None] = mapped_column(
        sa.String(64), unique=True
    )  # the same form posted twice is one
    taken_back_at: Mapped[datetime | None]


class Enrollment(Base):
    __tablename__ = "enrollment"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign_version.id"))
    launch_id: Mapped[int] = mapped_column(sa.ForeignKey("launch.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    email: Mapped[str] = mapped_column(sa.String(320), default="")
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id"))
    # The rep's own words for the first e-mail, typed at the launch.
    edited_subject: Mapped[str | None] = mapped_column(sa.Text)
    edited_html: Mapped[str | None] = mapped_column(sa.Text)
    zone: Mapped[str] = mapped_column(sa.String(64))
    launched_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    resume_at: Mapped[datetime | None]  # a pause that ends by itself: the person is back then
    slipped: Mapped[int] = mapped_column(default=0)  # days lost to steps that the version no longer has
    # Where days are counted from: the step at which this person began, or to which somebody jumped at `first_at`.
    first_key: Mapped[str] = mapped_column(sa.String(32), default="")
    first_day: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime | None]
    after_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("enrollment.id")
    )  # whose restart or move this is
    state: Mapped[EnrollmentState] = mapped_column(checked(EnrollmentState), default=EnrollmentState.ACTIVE)
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_enrollment_active",
            "campaign_id",
            "person_id",
            unique=True,
            postgresql_where=sa.text("state IN ('active', 'paused', 'held')"),
            sqlite_where=sa.text("state IN ('active', 'paused', 'held')"),
        ),
        sa.Index("ix_enrollment_campaign_state", "campaign_id", "state"),
        sa.Index(
            "ix_enrollment_resuming",
            "resume_at",
            postgresql_where=sa.text("state = 'paused'"),
            sqlite_where=sa.text("state = 'paused'"),
        ),
    )


class Comeback(Base):
    """“Not now”: on that day the person is added to the campaign again, by the rep who said so."""

    __tablename__ = "comeback"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.Index(
            "uq_comeback_waiting",
            "campaign_id",
            "person_id",
            unique=True,
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        ),
        sa.Index(
            "ix_comeback_due",
            "due_at",
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        ),
    )


class StepRun(Base):
    """One step of one enrollment, from the moment it is ready: `due_at` is the planner's instant."""

    __tablename__ = "step_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id", ondelete="CASCADE"))
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("step.id"))
    step_key: Mapped[str] = mapped_column(sa.String(32))
    is_task: Mapped[bool]
    state: Mapped[StepRunState] = mapped_column(checked(StepRunState))
    own_date: Mapped[date]
    due_at: Mapped[datetime]
    skip_at: Mapped[datetime | None]  # when an open task is skipped by itself
    moved: Mapped[list[Any]] = mapped_column(default=list)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    task_id: Mapped[int | None] = mapped_column(sa.ForeignKey("task.id"))
    over_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    # Left out by a start at a later step or by a jump: it delays nothing, and lends no time of day.
    passed_over: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.Index(
            "uq_step_run_live",
            "enrollment_id",
            "step_key",
            unique=True,
            postgresql_where=sa.text("state <> 'cancelled'"),
            sqlite_where=sa.text("state <> 'cancelled'"),
        ),
        sa.Index(
            "ix_step_run_opening",
            "due_at",
            postgresql_where=sa.text("state = 'planned'"),
            sqlite_where=sa.text("state = 'planned'"),
        ),
        sa.Index(
            "ix_step_run_skipping",
            "skip_at",
            postgresql_where=sa.text("state = 'task_open'"),
            sqlite_where=sa.text("state = 'task_open'"),
        ),
        sa.Index("ix_step_run_message", "message_id"),
        sa.Index("ix_step_run_task", "task_id"),
    )


class WayChange(Base):
    """What a jump, a restart or a move changed of one person's way, kept for as long as it can be undone.

    `batch_id` is the line of the activity that the act wrote, one for however many people. `before` is how the
    enrollment stood, `next_id` the enrollment that follows it.
    """

    __tablename__ = "way_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"), index=True)
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id", ondelete="CASCADE"), index=True)
    next_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enrollment.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
