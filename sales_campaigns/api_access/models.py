"""Rows of programs' access: tokens, and kept answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sales_campaigns.accounts.models import User
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.database import Base, checked


class ApiToken(Base):
    """A program's way in, with the rights of its user. The program holds a random token, the row its SHA-256."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    begins: Mapped[str] = mapped_column(sa.String(12))  # by which its owner knows it again
    scope: Mapped[Scope] = mapped_column(checked(Scope))
    areas: Mapped[list[Any]] = mapped_column(default=list)  # none are all
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class KeptAnswer(Base):
    """The answer to a request with an Idempotency-Key, written in the transaction of what the request did.

    So there is one exactly when it was done, and whoever sends the same at the same time waits for it.
    """

    __tablename__ = "kept_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(200))
    request_hash: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    status: Mapped[int] = mapped_column(default=0)
    body: Mapped[str] = mapped_column(sa.Text, default="")
    headers: Mapped[dict[str, str]] = mapped_column(default=dict)

    __table_args__ = (
        sa.UniqueConstraint("user_id", "key"),
        sa.Index("ix_kept_answer_at", "at"),
    )


class ApiRate(Base):
    """How many requests of a minute a token has left, where several processes answer; `passes` is of the last one."""

    __tablename__ = "api_rate"

    token_id: Mapped[int] = mapped_column(
        sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    level: Mapped[float] = mapped_column(sa.Double)
    passes: Mapped[bool]
    at: Mapped[datetime]
