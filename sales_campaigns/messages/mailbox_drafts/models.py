"""Rows of mailbox drafts: the draft of a task's mail, and what its rep sent from the own mailbox."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked
from sales_campaigns.messages.mailbox_drafts.matching import Signal


class MailboxDraftState(StrEnum):
    ASKED = "asked"
    MADE = "made"
    SCHEDULED = "scheduled"
    GONE = "gone"
    SENT = "sent"
    DELETED = "deleted"
    REMOVED = "removed"
    UNMADE = "unmade"


# One of these is all that a task can have at a time.
LIVE = "state IN ('asked', 'made', 'scheduled', 'gone')"


class MailboxDraft(Base):
    """The mail of a task as a draft of its rep's mailbox.

    `draft_id` and `thread_id` are the provider's, `version` is its name for the words as we wrote them: it has another
    one once somebody else has. `wrote` is a hash of what we wrote. `waits`: it was put there by itself.
    """

    __tablename__ = "mailbox_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id", ondelete="CASCADE"))
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    state: Mapped[MailboxDraftState] = mapped_column(
        checked(MailboxDraftState), default=MailboxDraftState.ASKED
    )
    send_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    email: Mapped[str] = mapped_column(sa.String(320))
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    html: Mapped[str] = mapped_column(sa.Text, default="")
    names: Mapped[str] = mapped_column(sa.Text, default="")  # Message-IDs that it had, spaces between
    draft_id: Mapped[str] = mapped_column(sa.String(255), default="")
    thread_id: Mapped[str] = mapped_column(sa.String(255), default="")
    version: Mapped[str] = mapped_column(sa.String(255), default="")
    wrote: Mapped[str] = mapped_column(sa.String(64), default="")
    links: Mapped[list[Any]] = mapped_column(default=list)  # [label, address, exact], the best one first
    waits: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(sa.Text, default="")  # why it could not be made
    opened_at: Mapped[datetime]
    written_at: Mapped[datetime]  # when its words were compared with what it should say, or written
    checked_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # Which mail it became, and what says so.
    signal: Mapped[Signal | None] = mapped_column(checked(Signal))
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id", ondelete="SET NULL"))

    __table_args__ = (
        sa.Index(
            "uq_mailbox_draft_live",
            "task_id",
            unique=True,
            postgresql_where=sa.text(LIVE),
            sqlite_where=sa.text(LIVE),
        ),
        sa.Index(
            "ix_mailbox_draft_live",
            "mailbox_id",
            "checked_at",
            postgresql_where=sa.text(LIVE),
            sqlite_where=sa.text(LIVE),
        ),
        sa.Index("ix_mailbox_draft_task", "task_id", "id"),
        sa.Index("ix_mailbox_draft_ended", "mailbox_id", "ended_at"),
    )


class OwnMail(Base):
    """A mail that a rep sent, or scheduled, from the own mailbox: kept while it may be what became of a draft.

    `recipients` are lower-cased addresses with spaces between. `asked`: drafts that it may have been, for its rep to
    say.
    """

    __tablename__ = "own_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id", ondelete="CASCADE"))
    uid: Mapped[str] = mapped_column(sa.String(255))
    scheduled: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    send_key: Mapped[str] = mapped_column(sa.String(64), default="")
    message_id: Mapped[str] = mapped_column(sa.String(255), default="")
    thread_id: Mapped[str] = mapped_column(sa.String(255), default="")
    recipients: Mapped[str] = mapped_column(sa.Text, default="")
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    raw: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    asked: Mapped[list[Any]] = mapped_column(default=list)
    settled_at: Mapped[datetime | None]
    draft_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mailbox_draft.id", ondelete="CASCADE"))

    __table_args__ = (
        sa.UniqueConstraint("mailbox_id", "uid", "scheduled"),
        sa.Index(
            "ix_own_mail_waiting",
            "mailbox_id",
            "at",
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        ),
        sa.Index("ix_own_mail_draft", "draft_id"),
    )
