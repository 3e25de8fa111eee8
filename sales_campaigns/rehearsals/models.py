"""Rows of rehearsals: what was asked for on the page, how far it is, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class RehearsalState(StrEnum):
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Rehearsal(Base):
    """One rehearsal of a campaign. `asked` holds all it needs, so that it never looks at the team's own rows again.

    `asked`: file, people, excluded, start, zone, limit, preset, sender, bundles (which never change). `foreseen` and
    `happened` are what simulate and rehearse print, `endings` how it ended, by person.
    """

    __tablename__ = "rehearsal"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"), index=True)
    state: Mapped[RehearsalState] = mapped_column(checked(RehearsalState), default=RehearsalState.ASKED)
    preset: Mapped[str] = mapped_column(sa.String(24))
    people: Mapped[int]
    percent: Mapped[int] = mapped_column(default=0)
    asked: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    foreseen: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    happened: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    endings: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    lease_until: Mapped[datetime | None]  # machine time
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "ix_rehearsal_waiting",
            "id",
            postgresql_where=sa.text("state IN ('asked', 'running')"),
            sqlite_where=sa.text("state IN ('asked', 'running')"),
        ),
    )


class RehearsedMail(Base):
    """One mail of a rehearsal: one that left, or (`came_back`) one that came back."""

    __tablename__ = "rehearsed_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    rehearsal_id: Mapped[int] = mapped_column(sa.ForeignKey("rehearsal.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    person: Mapped[str] = mapped_column(sa.String(320))
    came_back: Mapped[bool]
    day: Mapped[int | None]  # of the step whose mail it is; none for one that came back
    step: Mapped[int | None]
    sender: Mapped[str] = mapped_column(sa.Text)
    subject: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[str] = mapped_column(sa.Text)
    in_reply_to: Mapped[str] = mapped_column(sa.Text, default="")
    references: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    files: Mapped[str] = mapped_column(sa.Text, default="", server_default="")  # names and sizes, a line each
