"""Rows of saved views: what a list is narrowed to, under a name."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class ListName(StrEnum):
    TASKS = "tasks"
    EMAILS = "emails"


class SavedView(Base):
    """`query` is what stands in the address of the list, `columns` what it shows; private unless shared."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    list_name: Mapped[ListName] = mapped_column(checked(ListName))
    name: Mapped[str] = mapped_column(sa.String(60))
    query: Mapped[dict[str, str]] = mapped_column(default=dict)
    columns: Mapped[list[Any]] = mapped_column(default=list)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("owner_id", "list_name", "name"),
        sa.Index("ix_saved_view_team", "team_id", "list_name"),
    )
