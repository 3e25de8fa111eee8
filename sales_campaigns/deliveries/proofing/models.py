"""Rows of test profiles: named addresses of a team that get proofs, and copies of every delivery."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class TestProfile(Base):
    """One address of a team. `person_id` is the person it stands in for, whose fields are used; None for the first
    recipient. `seed`: it gets each delivery too, as a recipient would, outside all figures.
    """

    __test__ = False  # no test, whatever its name
    __tablename__ = "test_profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    email: Mapped[str] = mapped_column(sa.String(320))
    name: Mapped[str] = mapped_column(sa.String(120))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    seed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("team_id", "email"),)
