"""Blocked domains: which they are, and letting one go. What blocking ends: `enrollments/answers/opting_out.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove
from sales_campaigns.people.models import Address, BlockedDomain
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BlockedLine:
    """`addresses` are those known below the domain, of every team."""

    domain: str
    reason: str
    addresses: int


def blocked_domains(session: Session) -> Sequence[BlockedLine]:
    """By name, each with the number of addresses it keeps from being mailed, in one query."""
    below = sa.or_(
        Address.domain == BlockedDomain.domain,
        Address.domain.endswith(sa.literal(".") + BlockedDomain.domain),
    )
    rows = session.execute(
        sa.select(BlockedDomain.domain, BlockedDomain.reason, sa.func.count(Address.id))
        .outerjoin(Address, below)
        .group_by(BlockedDomain.domain, BlockedDomain.reason)
        .order_by(BlockedDomain.domain)
    )
    return [BlockedLine(*row) for row in rows]


def unblock_domain(uow: UnitOfWork, actor: User, domain: str) -> str:
    """Mail to it may leave again; campaigns that ended stay ended. The reason it had, to undo it by."""
    require(actor, "manage_installation")
    gone = sa.delete(BlockedDomain).where(BlockedDomain.domain == domain).returning(BlockedDomain.reason)
    reason = uow.session.execute(gone).scalar()
    if reason is None:
        raise IllegalMove("This domain is not blocked any more.")
    uow.record("domain.unblocked", actor_id=actor.id, team_id=actor.team_id, data={"domain": domain})
    return reason
