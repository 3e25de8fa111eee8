"""Rows of the sending policy: the rules that administrators add to those built in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class RuleKind(StrEnum):
    FILTERING = "filtering"
    COLLISION = "collision"
    PRESSURE = "pressure"
    CAPACITY = "capacity"


class RuleScope(StrEnum):
    """Which deliveries a rule is for."""

    EVERY = "every"
    DELIVERIES = "deliveries"
    STEPS = "steps"


class Of(StrEnum):
    """Whose mails a capacity rule counts."""

    DELIVERY = "delivery"
    MAILBOX = "mailbox"
    DOMAIN = "domain"


class Per(StrEnum):
    """To whom a rule of pressure counts the mails."""

    ADDRESS = "address"
    COMPANY = "company"


class TypologyRule(Base):
    """One rule of a team. `details` by kind: filtering {words, owner, group}; collision {excludes};
    pressure {messages, days, per}; capacity {messages, hours, excludes, of}.
    """

    __tablename__ = "typology_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    kind: Mapped[RuleKind] = mapped_column(checked(RuleKind))
    name: Mapped[str] = mapped_column(sa.String(120))
    place: Mapped[int] = mapped_column(default=50)  # lower first, within its kind
    active: Mapped[bool] = mapped_column(default=True)
    scope: Mapped[RuleScope] = mapped_column(checked(RuleScope), default=RuleScope.EVERY)
    only_named: Mapped[str] = mapped_column(sa.String(120), default="")  # words in the delivery's name
    typology: Mapped[str] = mapped_column(sa.String(80), default="")  # only for deliveries that use this one
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)
