"""Rows of campaigns: a campaign, its versions, and the steps of each version."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.variants import HEAVIEST
from sales_campaigns.database import Base, checked


class CampaignState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Campaign(Base):
    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    category: Mapped[str] = mapped_column(sa.String(120), default="")
    state: Mapped[CampaignState] = mapped_column(checked(CampaignState), default=CampaignState.DRAFT)
    version: Mapped[int] = mapped_column(default=0)  # number of the newest version
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)


class CampaignVersion(Base):
    """Settings and steps as they stood after one save; never changed afterwards."""

    __tablename__ = "campaign_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id", ondelete="CASCADE"))
    number: Mapped[int]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]

    steps: Mapped[list[Step]] = relationship(order_by="Step.position", lazy="selectin")

    __table_args__ = (sa.UniqueConstraint("campaign_id", "number"),)


class Step(Base):
    """`key` is the step's own name through all versions; `position` counts from 0 in its version."""

    __tablename__ = "step"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign_version.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(32))
    position: Mapped[int]
    day: Mapped[int]
    number: Mapped[int]
    kind: Mapped[StepKind] = mapped_column(checked(StepKind))
    send: Mapped[SendOption | None] = mapped_column(checked(SendOption))
    at: Mapped[time | None]
    if_past: Mapped[IfPast] = mapped_column(checked(IfPast), default=IfPast.NEXT_DAY)
    follow_up: Mapped[bool] = mapped_column(default=False)
    quote: Mapped[str] = mapped_column(sa.String(12), default="template")
    name: Mapped[str] = mapped_column(sa.String(300), default="")
    details: Mapped[str] = mapped_column(sa.Text, default="")
    priority: Mapped[str] = mapped_column(sa.String(12), default="normal")
    skip_after_days: Mapped[int | None]
    wording_id: Mapped[int | None] = mapped_column(sa.ForeignKey("wording.id"))
    from_template: Mapped[str] = mapped_column(sa.String(200), default="")
    template_id: Mapped[int | None]  # the template of this name then, whatever it is called now
    cc: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    bcc: Mapped[str] = mapped_column(sa.Text, default="", server_default="")

    variants: Mapped[list[StepVariant]] = relationship(order_by="StepVariant.key", lazy="selectin")

    __table_args__ = (
        sa.UniqueConstraint("version_id", "position"),
        sa.UniqueConstraint("version_id", "key"),
    )

    @property
    def is_task(self) -> bool:
        return self.kind is not StepKind.EMAIL or self.send is SendOption.TASK


class StepVariant(Base):
    """One of several contents of an e-mail step. `key` is its letter through all versions of the campaign.

    The step's own wording is that of its first variant which is not stopped.
    """

    __tablename__ = "step_variant"

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("step.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(1))
    weight: Mapped[int]
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    from_template: Mapped[str] = mapped_column(sa.String(200), default="")
    template_id: Mapped[int | None]  # the template of this name then, whatever it is called now
    stopped: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.UniqueConstraint("step_id", "key"),
        sa.CheckConstraint(f"weight BETWEEN 1 AND {HEAVIEST}", name="weight"),
    )
