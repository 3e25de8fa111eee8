"""Rows of retention: how long logs are kept, and the figures of deliveries whose rows were removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class Retention(Base):
    """One row, of the installation. Days after the end of a delivery; None keeps a log for ever."""

    __tablename__ = "retention"

    id: Mapped[int] = mapped_column(primary_key=True)
    tracking_days: Mapped[int | None]
    exclusion_days: Mapped[int | None]
    sending_days: Mapped[int | None]
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("tracking_days > 0 AND exclusion_days > 0 AND sending_days > 0", name="positive"),
    )


class KeptFigures(Base):
    """What the removed rows of a delivery counted. The figures are what is kept here and what is still there.

    `fates`: fate → recipients; `causes`: cause → exclusions; `engagement`: the fields of `Engagement`. Each log says
    since when its rows are being removed.
    """

    __tablename__ = "kept_figures"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    fates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    field_missing: Mapped[int] = mapped_column(default=0)
    causes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    engagement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tracking_removed_at: Mapped[datetime | None]
    exclusions_removed_at: Mapped[datetime | None]
    sending_removed_at: Mapped[datetime | None]
