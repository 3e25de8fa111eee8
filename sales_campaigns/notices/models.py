"""Rows of notices: what a user is told, and the mails of the product to its users."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class NoticeKind(StrEnum):
    REPLY = "reply"
    BOUNCE = "bounce"
    TASK = "task"
    MAILBOX = "mailbox"
    DELIVERY = "delivery"


class Notice(Base):
    """One user is told one thing. The database keeps that nobody is told of the same activity twice.

    `person_id`, `task_id` and `delivery_id` say where it leads. `mail_at` is when it goes out by mail, None when it
    does not; `mailed_at` that it has.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"))
    kind: Mapped[NoticeKind] = mapped_column(checked(NoticeKind))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(sa.String(300))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    task_id: Mapped[int | None] = mapped_column(sa.ForeignKey("task.id", ondelete="SET NULL"))
    delivery_id: Mapped[int | None] = mapped_column(sa.ForeignKey("delivery.id", ondelete="SET NULL"))
    seen_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("user_id", "activity_id"),
        sa.Index(
            "ix_notice_unseen",
            "user_id",
            postgresql_where=sa.text("seen_at IS NULL"),
            sqlite_where=sa.text("seen_at IS NULL"),
        ),
        sa.Index(
            "ix_notice_to_mail",
            "mail_at",
            postgresql_where=sa.text("mailed_at IS NULL"),
            sqlite_where=sa.text("mailed_at IS NULL"),
        ),
    )


class UserLetter(Base):
    """A mail of the product to one of its users: outside the outbox and all figures, handed over at most once.

    `occasion` is what it is for ("digest 2026-12-01"): each is written once for each user. `claimed_at` is set
    before it is handed over; what a dead process has claimed is not sent again.
    """

    __tablename__ = "user_letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    occasion: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.UniqueConstraint("user_id", "occasion"),
        sa.Index(
            "ix_user_letter_to_send",
            "id",
            postgresql_where=sa.text("claimed_at IS NULL"),
            sqlite_where=sa.text("claimed_at IS NULL"),
        ),
    )
