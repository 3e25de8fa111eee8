"""Who must not be written to, and why: one list of conditions, judged for a whole target or for one person."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.people.models import Address, BlockedDomain, Person


@dataclass(frozen=True)
class Cause:
    """`condition` is over Person outer-joined with Address; `sentence` tells a rep what it means."""

    name: str
    sentence: str
    condition: sa.ColumnElement[bool]


# In this order; the first that applies is the one that is logged.
CAUSES: tuple[Cause, ...] = (
    Cause("deleted", "was deleted", Person.deleted_at.is_not(None)),
    Cause("no_address", "has no e-mail address", Person.address_id.is_(None)),
    Cause("opted_out", "has opted out", Address.opted_out_at.is_not(None)),
    Cause("complained", "has reported our mail as spam", Address.complained_at.is_not(None)),
    Cause("blocked", "is on the block list", Address.blocked_at.is_not(None)),
    Cause(
        "blocked_domain",
        "has an address at a blocked domain",
        sa.exists().where(BlockedDomain.domain == Address.domain).correlate(Address),
    ),
    Cause("quarantined", "has an address that returned our mail", Address.quarantined_at.is_not(None)),
)
BY_NAME = {cause.name: cause for cause in CAUSES}


def cause_column() -> sa.ColumnElement[str | None]:
    """The name of the first cause that applies to a row, or NULL: for set-based preparation."""
    return sa.case(*((cause.condition, cause.name) for cause in CAUSES), else_=None)


def cause_of(session: Session, person_id: int) -> Cause | None:
    """Why this person must not get mail now, or None."""
    name = session.scalar(
        sa.select(cause_column())
        .select_from(Person)
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Person.id == person_id)
    )
    return BY_NAME[name] if name else None
