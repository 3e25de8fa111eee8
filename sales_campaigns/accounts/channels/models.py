"""Rows of channels: relays of a team, and the addresses that its reps have proved to be theirs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from sales_campaigns.accounts.models import Mailbox, Team, User
from sales_campaigns.database import Base


class Channel(Base):
    """A relay through which the reps of a team send, each as a verified identity.

    `address` is what its own mails come from, those with the codes. `per_minute` and `per_day` bind everybody who sends
    through it together; None: nothing does. `trouble` says why it is lost.
    """

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    address: Mapped[str] = mapped_column(sa.String(254))
    host: Mapped[str] = mapped_column(sa.String(254))
    port: Mapped[int]
    security: Mapped[str] = mapped_column(sa.String(12))
    username: Mapped[str] = mapped_column(sa.String(254), default="")
    sealed_secret: Mapped[str] = mapped_column(sa.Text, default="")
    per_minute: Mapped[int | None]
    per_day: Mapped[int | None]
    largest_mail: Mapped[int | None]  # bytes, as its server said when it was asked last
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    lost_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # since when an administrator has taken it away
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime]

    team: Mapped[Team] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        sa.UniqueConstraint("team_id", "name"),
        sa.CheckConstraint("per_minute > 0 AND per_day > 0", name="positive"),
    )


class SenderIdentity(Base):
    """An address that a user sends as through a channel, once its mailbox has shown a code that was mailed to it.

    `code_hash` is the SHA-256 of the last code, "" once it is used up. `asked` codes were mailed since `asked_from`.
    All but `verified_at` is machine time.
    """

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    channel_id: Mapped[int] = mapped_column(sa.ForeignKey("channel.id"), index=True)
    address: Mapped[str] = mapped_column(sa.String(254))
    code_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    asked_from: Mapped[datetime]
    asked_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]

    channel: Mapped[Channel] = relationship(lazy="joined", innerjoin=True)
    user: Mapped[User] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("user_id", "channel_id", "address"),
        # Nobody else can prove an address that somebody sends as.
        sa.Index(
            "ux_identity_verified",
            "address",
            unique=True,
            postgresql_where=sa.text("verified_at IS NOT NULL"),
            sqlite_where=sa.text("verified_at IS NOT NULL"),
        ),
    )


def identity_behind(box: Mailbox) -> SenderIdentity | None:
    """As whom the mailbox sends through a channel; None where it sends by its own way. Read once for each session."""
    session = object_session(box)
    if box.identity_id is None or session is None:
        return None
    return session.get(SenderIdentity, box.identity_id)


def why_not_as(box: Mailbox, *, even_lost: bool = True) -> str:
    """Why nothing can be written as the identity behind this mailbox, and what to do; "" where it can, or has none.

    What is written while the channel is lost waits, as behind any lost mailbox: `even_lost` lets it.
    """
    identity = identity_behind(box)
    if identity is None:
        return ""
    name = identity.channel.name
    if identity.channel.closed_at is not None:
        return f"“{name}” was taken away. Choose another way to send, under Mailbox."
    if identity.verified_at is None:
        return f"{box.address} is not verified any more. Verify it again, under Mailbox."
    lost = identity.channel.lost_at is not None and not even_lost
    return f"“{name}” sends nothing now. An administrator of the team has to check it." if lost else ""
