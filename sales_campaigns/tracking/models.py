"""Rows of tracking: what became of a mail after it arrived, as far as it told us."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class EventKind(StrEnum):
    OPEN = "open"
    CLICK = "click"
    MIRROR = "mirror"
    OPT_OUT = "opt_out"


class TrackingEvent(Base):
    """One opening, click, look at the mirror page, or opt-out.

    `machine` is why it is not counted, "" for a person. No address of the network is kept; of the program that asked
    only a hash, to tell two apart.
    """

    __tablename__ = "tracking_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"))
    kind: Mapped[EventKind] = mapped_column(checked(EventKind))
    link: Mapped[int | None]  # the place of the link in the wording, from 1
    at: Mapped[datetime]
    machine: Mapped[str] = mapped_column(sa.String(24), default="")
    agent_hash: Mapped[str] = mapped_column(sa.String(16), default="")
    told: Mapped[bool] = mapped_column(default=False)  # to the feed; judged once more before

    __table_args__ = (
        sa.Index("ix_tracking_event_message", "message_id", "kind"),
        sa.Index("ix_tracking_event_at", "at"),
        sa.Index(
            "ix_tracking_event_untold",
            "id",
            postgresql_where=sa.text("NOT told"),
            sqlite_where=sa.text("NOT told"),
        ),
    )
