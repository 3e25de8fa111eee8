"""Rows of retention: how long logs are kept. What removed rows counted: `KeptFigures` of the deliveries."""

from __future__ import annotations

from datetime import datetime

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
