"""Rows of calendars: when a user is on leave, and where a team's holidays differ from the public ones."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class LeaveKind(StrEnum):
    """What becomes of the work: it stands still, its dates move past the leave, or a colleague does it."""

    PAUSE = "pause"
    SHIFT = "shift"
    HAND_OVER = "hand_over"


class LeaveState(StrEnum):
    PLANNED = "planned"
    CURRENT = "current"
    OVER = "over"
    CANCELLED = "cancelled"


class Leave(Base):
    """A user is away from `first_day` to `last_day`, both included.

    `begins_at` and `ends_at` are the midnights around these days in the zone that the user had when it was entered.
    """

    __tablename__ = "leave"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    how: Mapped[LeaveKind] = mapped_column(checked(LeaveKind))
    colleague_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    state: Mapped[LeaveState] = mapped_column(checked(LeaveState), default=LeaveState.PLANNED)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="forwards"),
        sa.CheckConstraint("(how = 'hand_over') = (colleague_id IS NOT NULL)", name="colleague"),
        sa.Index("ix_leave_user_id_ends_at", "user_id", "ends_at"),
        sa.Index("ix_leave_team_id_ends_at", "team_id", "ends_at"),
        sa.Index(
            "ix_leave_changing",
            "state",
            "begins_at",
            postgresql_where=sa.text("state IN ('planned', 'current')"),
            sqlite_where=sa.text("state IN ('planned', 'current')"),
        ),
    )


class OwnHoliday(Base):
    """A date on which a team differs from the public holidays of `place`: one more (`free`), or none.

    `place` is an ISO country or country-subdivision, as campaigns name it: SE, US-CA.
    """

    __tablename__ = "own_holiday"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    place: Mapped[str] = mapped_column(sa.String(12))
    day: Mapped[date]
    free: Mapped[bool]
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (sa.UniqueConstraint("team_id", "place", "day"),)


class Schedule(Base):
    """A named schedule of a team: which days of the week count, whose holidays, and when e-mails may leave.

    `days` are ISO days of the week in order, "12345" is Monday to Friday. `place` and `zone` may be blank.
    """

    __tablename__ = "schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    zone: Mapped[str] = mapped_column(sa.String(64), default="")
    days: Mapped[str] = mapped_column(sa.String(7), default="12345")
    place: Mapped[str] = mapped_column(sa.String(12), default="")
    opens: Mapped[time | None]
    closes: Mapped[time | None]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("team_id", "name"),
        sa.CheckConstraint("days <> ''", name="some_day"),
        sa.CheckConstraint("(opens IS NULL) = (closes IS NULL)", name="both_hours"),
        sa.CheckConstraint("opens < closes", name="opens_first"),
    )
