"""Rows of mailboxes whose provider says by itself that something came: it knocks. All times are machine time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class MailboxWatch(Base):
    """That the changes of this mailbox are told. `until`: None where that was refused, with `trouble` saying why.

    `heard` is the greatest number of its knocks: they come more than once, and in any order.
    """

    __tablename__ = "mailbox_watch"

    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]
    ask_at: Mapped[datetime]
    until: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    heard: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class KnockSource(Base):
    """Where the knocks of one provider are fetched: when that was answered last, and what is in the way of it."""

    __tablename__ = "knock_source"

    provider: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    heard_at: Mapped[datetime | None]
    ask_at: Mapped[datetime]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
