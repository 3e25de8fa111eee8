"""Rows of webhooks: an address that is told, one call for each event, one line for each try."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class Webhook(Base):
    """An address of the team's that is told. `kinds` are kinds of activity, or how they begin; none are all."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"), index=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    url: Mapped[str] = mapped_column(sa.String(2000))
    sealed_secret: Mapped[str] = mapped_column(sa.Text)
    kinds: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class CallState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    GIVEN_UP = "given_up"


class WebhookCall(Base):
    """One event told to one webhook. Everything about when is machine time: the other side's clock is real."""

    __tablename__ = "webhook_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id", ondelete="CASCADE"))
    activity_id: Mapped[int | None]  # none for a test
    kind: Mapped[str] = mapped_column(sa.String(48))
    payload: Mapped[dict[str, Any]]
    state: Mapped[CallState] = mapped_column(checked(CallState), default=CallState.WAITING)
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime]  # since when it is tried: a replay begins anew
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "activity_id"),
        sa.Index(
            "ix_webhook_call_due",
            "webhook_id",
            "due_at",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        ),
    )


class WebhookTry(Base):
    """What one try came to. `status` None: there was no answer."""

    __tablename__ = "webhook_try"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_call.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    words: Mapped[str] = mapped_column(sa.String(300), default="")
