"""Rows of alarms: what was told of a delivery, once a day for each criterion."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked
from sales_campaigns.deliveries.alarms.criteria import Criterion


class DeliveryAlarm(Base):
    """The database keeps that nobody is told of the same thing twice a day, whoever looks."""

    __tablename__ = "delivery_alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"))
    criterion: Mapped[Criterion] = mapped_column(checked(Criterion))
    day: Mapped[date]  # of UTC
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("delivery_id", "criterion", "day"),)
