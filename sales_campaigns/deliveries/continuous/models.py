"""Rows of a continuous delivery: how far it has got, its increments, and the versions of what it says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked
from sales_campaigns.deliveries.models import Counted


class Intake(Base):
    """How far a continuous delivery has got: made when it begins, advanced by every run."""

    __tablename__ = "intake"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int]  # of the newest increment
    # The occasion of those who are taken once. A reset of the history begins another, which takes them again.
    history: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    since: Mapped[datetime]  # from when on the next run looks for changes
    largest: Mapped[int] = mapped_column(
        default=0
    )  # people to deliver in the largest increment that was released
    looked_at: Mapped[datetime]  # what was planned up to then is dealt with
    run_at: Mapped[datetime | None]  # the next planned run


class IncrementState(StrEnum):
    PREPARING = "preparing"
    WAITING = "waiting"
    RELEASED = "released"
    DROPPED = "dropped"
    FAILED = "failed"


class Increment(Counted, Base):
    """What one run takes. Unique for its delivery and instant, however many schedulers look; one is open at a time."""

    __tablename__ = "increment"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"))
    number: Mapped[int]
    due_at: Mapped[datetime]
    state: Mapped[IncrementState] = mapped_column(checked(IncrementState), default=IncrementState.PREPARING)
    occasion: Mapped[int] = mapped_column(sa.BigInteger)
    since: Mapped[datetime]
    until: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    words: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.UniqueConstraint("delivery_id", "number"),
        sa.UniqueConstraint("delivery_id", "due_at"),
        sa.CheckConstraint("targeted = to_deliver + excluded", name="targeted"),
        sa.Index(
            "ux_increment_open",
            "delivery_id",
            unique=True,
            postgresql_where=sa.text("state IN ('preparing', 'waiting')"),
            sqlite_where=sa.text("state IN ('preparing', 'waiting')"),
        ),
    )


class ContentVersion(Base):
    """What a continuous delivery said from an instant on. What left before keeps the words it left with."""

    __tablename__ = "content_version"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
