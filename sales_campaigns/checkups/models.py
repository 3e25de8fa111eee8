"""What a check-up keeps for whoever must not count by themselves."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class KeptFinding(Base):
    """A promise that did not hold when it was asked last, and for how many rows; without a row, it held."""

    __tablename__ = "kept_finding"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    count: Mapped[int]
    at: Mapped[datetime]  # machine time
