"""Rows: archives of the whole workspace that this installation took in and gave out."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class ArchiveImport(Base):
    """One archive, by the SHA-256 of its manifest; `parts_done` of its parts stand in the database."""

    __tablename__ = "archive_import"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    parts: Mapped[int]
    parts_done: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("parts_done >= 0 AND parts_done <= parts", name="within"),)


class ArchiveExport(Base):
    """One archive that somebody asked for; nobody (None) is whoever may use the command line.

    `parts_done` of its tables were packed, `rows` and `size` (bytes) left so far; `moved_at` is when, on the machine's
    clock. `digest` names what it holds once it is whole; one that ended without was broken off.
    """

    __tablename__ = "archive_export"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    parts: Mapped[int]
    parts_done: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("parts_done >= 0 AND parts_done <= parts", name="within"),)
