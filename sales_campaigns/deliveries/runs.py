"""Rows of series: when one runs, and what each run made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class Aggregation(StrEnum):
    """By what the executions of a series are grouped in its list and totals; each is prepared by itself."""

    NONE = "none"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Series(Base):
    """When a recurring delivery runs. Its setup is what every run is made from."""

    __tablename__ = "series"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    recurrence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    looked_at: Mapped[datetime]  # what was planned up to then is dealt with
    started_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    aggregation: Mapped[Aggregation] = mapped_column(checked(Aggregation), default=Aggregation.NONE)
    asks: Mapped[bool] = mapped_column(default=True)  # for a confirmation before each send

    # The rule: it is offered when there is no aggregation.
    __table_args__ = (sa.CheckConstraint("aggregation = 'none' OR NOT asks", name="asks"),)


class RunOutcome(StrEnum):
    MADE = "made"
    SKIPPED = "skipped"
    MISSED = "missed"


class SeriesRun(Base):
    """One planned instant of a series, and the delivery that it made. Unique: no two schedulers make two."""

    __tablename__ = "series_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("series.delivery_id", ondelete="CASCADE"))
    due_at: Mapped[datetime]
    outcome: Mapped[RunOutcome] = mapped_column(checked(RunOutcome))
    child_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="SET NULL"), unique=True
    )
    words: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("series_id", "due_at"),)
