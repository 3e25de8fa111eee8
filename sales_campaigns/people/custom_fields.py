"""The fields of its own that a team uses: those of its newest people."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.people.models import Person

LOOKED_AT = 300


def custom_names(session: Session, actor: User) -> frozenset[str]:
    """The snake_case names under which templates use them."""
    newest = (
        sa.select(Person.custom)
        .where(Person.team_id == actor.team_id, Person.deleted_at.is_(None))
        .order_by(Person.id.desc())
        .limit(LOOKED_AT)
    )
    return frozenset(name for custom in session.scalars(newest) for name in custom or {})
