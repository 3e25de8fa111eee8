"""Rows of content: what mails say, and the templates that name it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class Wording(Base):
    """Subject, HTML and text; written once, never changed: messages, steps and template versions point at it."""

    __tablename__ = "wording"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    html: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")


class Template(Base):
    __tablename__ = "template"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    category: Mapped[str] = mapped_column(sa.String(120), default="")
    shared: Mapped[bool] = mapped_column(default=True)
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)


class TemplateVersion(Base):
    __tablename__ = "template_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id", ondelete="CASCADE"))
    number: Mapped[int]
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("template_id", "number"),)
