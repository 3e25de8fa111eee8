"""How many mails a minute domains of recipients are given: laid down by administrators for the installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.mailboxes import MOST_A_MINUTE
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.addresses import check_address
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.models import DomainLimit
from sales_campaigns.messages.pace.limits import EVERY_OTHER
from sales_campaigns.unit_of_work import UnitOfWork


def domain_limits(session: Session) -> Sequence[DomainLimit]:
    """By name; the one of every other domain first."""
    return session.scalars(sa.select(DomainLimit).order_by(DomainLimit.domain)).all()


def limit_domain(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> DomainLimit:
    """Set or change the limit of one domain, or ("*") of every one that has none. Raises Invalid by field."""
    require(actor, "manage_installation")
    domain, per_minute = _read(typed)
    row = uow.session.get(DomainLimit, domain) or DomainLimit(domain=domain)
    row.per_minute, row.one_to_one = per_minute, bool(typed.get("one_to_one"))
    uow.session.add(row)
    data = {"domain": domain, "per_minute": per_minute, "one_to_one": row.one_to_one}
    uow.record("domain.limited", actor_id=actor.id, team_id=actor.team_id, data=data)
    return row


def lift_limit(uow: UnitOfWork, actor: User, domain: str) -> dict[str, str]:
    """Mail to it leaves as it is due again. The limit as it would be typed, to undo it by."""
    require(actor, "manage_installation")
    row = uow.session.get(DomainLimit, domain)
    if row is None:
        raise IllegalMove("This domain has no limit any more.")
    uow.session.delete(row)
    uow.session.flush()
    uow.record("domain.unlimited", actor_id=actor.id, team_id=actor.team_id, data={"domain": domain})
    typed = {"domain": domain, "per_minute": str(row.per_minute)}
    return {**typed, "one_to_one": "1"} if row.one_to_one else typed


def _read(typed: Mapping[str, str]) -> tuple[str, int]:
    problems, number = {}, typed.get("per_minute", "").strip()
    domain = typed.get("domain", "").strip().lower().lstrip("@")
    if domain != EVERY_OTHER:
        try:
            domain = check_address(f"somebody@{domain}").domain
        except Invalid:
            problems["domain"] = f"Write a domain, such as example.com, or {EVERY_OTHER} for every other one."
    if not (number.isdecimal() and len(number) < 7 and 1 <= int(number) <= MOST_A_MINUTE):
        problems["per_minute"] = f"Write a number from 1 to {MOST_A_MINUTE:,}."
    if problems:
        raise Invalid(problems)
    return domain, int(number)
