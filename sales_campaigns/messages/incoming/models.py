"""Rows of received mail: what came into a rep's mailbox and concerns somebody we write to. Nothing else is kept."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class MailKind(StrEnum):
    """What a received mail is to us."""

    REPLY = "reply"
    WROTE = "wrote"
    AUTO_REPLY = "auto_reply"
    MEETING = "meeting"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"


class Disposal(StrEnum):
    """What was done with a reply, so that it waits no longer."""

    ANSWERED = "answered"
    INTERESTED = "interested"
    NOT_NOW = "not_now"
    WRONG_PERSON = "wrong_person"
    NO = "no"
    READ = "read"


class ReceivedMail(Base):
    """`answers_id` is the message of ours that it answers or reports on; `uid` names it in its mailbox for good."""

    __tablename__ = "received_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    uid: Mapped[str] = mapped_column(sa.String(255))
    message_id: Mapped[str] = mapped_column(sa.String(255), default="")
    references: Mapped[str] = mapped_column(sa.Text, default="")
    thread_id: Mapped[str | None] = mapped_column(sa.String(255))
    at: Mapped[datetime]
    kind: Mapped[MailKind] = mapped_column(checked(MailKind))
    answers_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    campaign_id: Mapped[int | None]
    enrollment_id: Mapped[int | None]
    from_email: Mapped[str] = mapped_column(sa.String(320), default="")
    from_name: Mapped[str] = mapped_column(sa.Text, default="")
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")  # the new words only, without what they quote
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    back_on: Mapped[date | None]  # of an automatic reply: the day of return that it names
    raw: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    # A reply waits until it is answered or disposed of.
    disposal: Mapped[Disposal | None] = mapped_column(checked(Disposal))
    disposed_at: Mapped[datetime | None]
    disposed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    answer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"), index=True)
    note: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.UniqueConstraint("mailbox_id", "uid", name="uq_received_mail_uid"),
        sa.Index("ix_received_mail_message_id", "team_id", "message_id"),
        sa.Index("ix_received_mail_person", "person_id", "at"),
        sa.Index(
            "ix_received_mail_waiting",
            "user_id",
            "at",
            postgresql_where=sa.text("kind IN ('reply', 'wrote') AND disposal IS NULL"),
            sqlite_where=sa.text("kind IN ('reply', 'wrote') AND disposal IS NULL"),
        ),
    )
