"""Rows of A/B tests: how a delivery tries its variants, and what they say."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked
from sales_campaigns.deliveries.variants.plan import Chooser, Measure


class AbTestState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    WAITING = "waiting"
    DECIDED = "decided"
    LAPSED = "lapsed"


class AbTest(Base):
    """The test of a single delivery. Whoever is of the rest waits as a recipient without a time until it is decided."""

    __tablename__ = "ab_test"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"), unique=True)
    state: Mapped[AbTestState] = mapped_column(checked(AbTestState), default=AbTestState.PLANNED)
    share: Mapped[int]  # percent of the recipients
    measure: Mapped[Measure] = mapped_column(checked(Measure))
    hours: Mapped[int]
    floor: Mapped[int] = mapped_column(default=0)  # of people; 0 for the time alone
    chooser: Mapped[Chooser] = mapped_column(checked(Chooser))
    left_at: Mapped[
        datetime | None
    ]  # when the last mail of the test part had left: its time counts from then
    words: Mapped[str] = mapped_column(sa.Text, default="")  # what was said when it was over
    winner: Mapped[str] = mapped_column(sa.String(1), default="")
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))  # None: by itself
    decided_at: Mapped[datetime | None]
    kept: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # letter → figures, once their rows are removed

    __table_args__ = (
        sa.CheckConstraint("share BETWEEN 1 AND 90", name="share"),
        sa.CheckConstraint("hours BETWEEN 1 AND 1440 AND floor >= 0", name="length"),
        sa.CheckConstraint("(state = 'decided') = (winner <> '')", name="winner"),
    )


class DeliveryVariant(Base):
    """What one variant says. A is the delivery's own content and has no row here."""

    __tablename__ = "delivery_variant"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("ab_test.delivery_id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(sa.String(1), primary_key=True)
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    own_text: Mapped[bool] = mapped_column(
        default=False
    )  # otherwise its text is that of A, whatever that becomes

    __table_args__ = (sa.CheckConstraint("key IN ('B', 'C')", name="key"),)
