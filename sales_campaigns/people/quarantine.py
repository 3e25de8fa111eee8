"""Addresses that get no mail, for administrators: quarantine, block list, allow list.

The rule: “never released except by an administrator, one or in bulk (by error text, domain, dates).”
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.addresses import check_address
from sales_campaigns.errors import IllegalMove
from sales_campaigns.people.address_rows import ensure_addresses
from sales_campaigns.people.models import Address
from sales_campaigns.unit_of_work import UnitOfWork

PAGE = 100


class Listed(StrEnum):
    """Which list of addresses."""

    QUARANTINE = "quarantine"
    BLOCKED = "blocked"
    ALLOWED = "allowed"


SINCE = {
    Listed.QUARANTINE: Address.quarantined_at,
    Listed.BLOCKED: Address.blocked_at,
    Listed.ALLOWED: Address.allowed_at,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to: words of the error, a domain, from an instant until before another."""

    words: str = ""
    domain: str = ""
    since: datetime | None = None
    until: datetime | None = None


def listed(session: Session, which: Listed, wanted: Wanted, limit: int = PAGE) -> Sequence[Address]:
    """The newest first."""
    query = sa.select(Address).where(*_where(which, wanted))
    return session.scalars(query.order_by(SINCE[which].desc(), Address.id.desc()).limit(limit)).all()


def count_listed(session: Session, which: Listed, wanted: Wanted | None = None) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*_where(which, wanted or Wanted()))) or 0


def release(uow: UnitOfWork, actor: User, ids: Sequence[int]) -> list[int]:
    """Let mail go to these addresses again, and forget their errors; the ids of those that were in quarantine."""
    return _release(uow, actor, [Address.id.in_(ids)])


def release_all(uow: UnitOfWork, actor: User, wanted: Wanted, number: int) -> list[int]:
    """The same for all that are found. Raises IllegalMove when there are others than the `number` shown."""
    found = count_listed(uow.session, Listed.QUARANTINE, wanted)
    if found != number:
        raise IllegalMove(f"There are {found:,} by now, not {number:,}. Look again before releasing them.")
    return _release(uow, actor, _where(Listed.QUARANTINE, wanted))


def quarantine_again(uow: UnitOfWork, actor: User, ids: Sequence[int]) -> int:
    """Undo a release."""
    require(actor, "manage_installation")
    back = uow.session.execute(
        sa.update(Address)
        .where(Address.id.in_(ids), Address.quarantined_at.is_(None))
        .values(quarantined_at=uow.now)
        .returning(Address.id)
        .execution_options(synchronize_session=False)
    ).all()
    uow.record("address.quarantined", actor_id=actor.id, team_id=actor.team_id, data={"count": len(back)})
    return len(back)


def put_on(uow: UnitOfWork, actor: User, which: Listed, email: str) -> Address:
    """Block an address, or allow it: errors never quarantine who is allowed. Raises Invalid."""
    require(actor, "manage_installation")
    address = _address(uow, email)
    if which is Listed.ALLOWED:
        address.allowed_at, address.quarantined_at, address.errors = uow.now, None, 0
    else:
        address.blocked_at, address.allowed_at = uow.now, None
    uow.record(f"address.{which}", actor_id=actor.id, team_id=actor.team_id, data={"email": address.email})
    return address


def take_off(uow: UnitOfWork, actor: User, which: Listed, address_id: int) -> Address:
    """Raises IllegalMove for an address that is not on this list."""
    require(actor, "manage_installation")
    address = uow.session.get(Address, address_id, with_for_update=True)
    if address is None or which is Listed.QUARANTINE or getattr(address, SINCE[which].key) is None:
        raise IllegalMove("This address is not on this list.")
    setattr(address, SINCE[which].key, None)
    uow.record(
        f"address.not_{which}", actor_id=actor.id, team_id=actor.team_id, data={"email": address.email}
    )
    return address


def _release(uow: UnitOfWork, actor: User, where: Sequence[sa.ColumnElement[bool]]) -> list[int]:
    require(actor, "manage_installation")
    released = uow.session.execute(
        sa.update(Address)
        .where(Address.quarantined_at.is_not(None), *where)
        .values(quarantined_at=None, errors=0, last_error_at=None, error_reason="")
        .returning(Address.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(released.scalars())
    uow.record("address.released", actor_id=actor.id, team_id=actor.team_id, data={"count": len(ids)})
    return ids


def _where(which: Listed, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    since = SINCE[which]
    where: list[sa.ColumnElement[bool]] = [since.is_not(None)]
    if wanted.words.strip():
        found = Address.trouble.icontains(wanted.words.strip(), autoescape=True)
        where.append(sa.or_(found, Address.email.icontains(wanted.words.strip(), autoescape=True)))
    if domain := wanted.domain.strip().lower().lstrip("@"):
        where.append(sa.or_(Address.domain == domain, Address.domain.endswith(f".{domain}", autoescape=True)))
    where += [since >= wanted.since] if wanted.since else []
    where += [since < wanted.until] if wanted.until else []
    return where


def _address(uow: UnitOfWork, email: str) -> Address:
    known = check_address(email)
    ids = ensure_addresses(uow.session, [known])
    return uow.session.get_one(Address, ids[known.key], with_for_update=True)
