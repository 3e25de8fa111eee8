"""Rows of deliveries: what messages belong to, and who was left out of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class DeliveryKind(StrEnum):
    SINGLE = "single"
    RECURRING = "recurring"
    CONTINUOUS = "continuous"
    PERSONAL = "personal"


class DeliveryState(StrEnum):
    EDITING = "editing"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Delivery(Base):
    """Every message is of exactly one delivery. A campaign's e-mail step owns a continuous one."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[DeliveryKind] = mapped_column(checked(DeliveryKind))
    name: Mapped[str] = mapped_column(sa.String(300))
    campaign_id: Mapped[int | None]
    step_key: Mapped[str | None] = mapped_column(sa.String(32))
    state: Mapped[DeliveryState] = mapped_column(checked(DeliveryState), default=DeliveryState.IN_PROGRESS)
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("campaign_id", "step_key"),)


class Exclusion(Base):
    """One recipient left out of a delivery, with the rule that did it. First cause wins."""

    __tablename__ = "exclusion"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"))
    occasion: Mapped[int] = mapped_column(sa.BigInteger)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    cause: Mapped[str] = mapped_column(sa.String(40))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("delivery_id", "occasion", "person_id"),)
