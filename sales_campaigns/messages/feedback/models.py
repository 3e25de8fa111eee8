"""Rows of feedback: the qualification rules of this installation, and the texts that no rule fitted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.outcomes import FailureType


class BounceRuleRow(Base):
    """One rule, asked in the order of `place`. While there is none, the rules that come with the product count."""

    __tablename__ = "bounce_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    codes: Mapped[str] = mapped_column(sa.String(120), default="")
    failure: Mapped[FailureType] = mapped_column(checked(FailureType))
    reason: Mapped[Reason] = mapped_column(checked(Reason))

    __table_args__ = (
        sa.CheckConstraint("text != '' OR codes != ''", name="fits_something"),
        sa.Index("ix_bounce_rule_place", "place", "id"),
    )


class UnknownBounce(Base):
    """An answer *to qualify*: `text` is what such answers have in common, `example` one of them."""

    __tablename__ = "unknown_bounce"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(300), unique=True)
    example: Mapped[str] = mapped_column(sa.Text, default="")
    code: Mapped[int | None]
    enhanced: Mapped[str] = mapped_column(sa.String(12), default="")
    count: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    # Looked at, and left as it is: soft, reason not defined.
    kept_at: Mapped[datetime | None]
