"""Who must not be mailed, and why: each cause is a name, a sentence and an SQL condition.

The same condition judges a million people at preparation and one person at the instant of sending. The rule: an
opt-out, a quarantine, a complaint and a block count for the address, and so for everybody who has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from sales_campaigns.people.models import Address, BlockedDomain, Person


class _behind_first_dot(GenericFunction[str]):  # noqa: N801  the name it has in SQL
    """What a domain is part of; one without a dot is itself."""

    type = sa.String()
    inherit_cache = True


@compiles(_behind_first_dot, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    domain = compiler.process(element.clauses, **options)
    return f"substr({domain}, strpos({domain}, '.') + 1)"


@compiles(_behind_first_dot, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    domain = compiler.process(element.clauses, **options)
    return f"substr({domain}, instr({domain}, '.') + 1)"


@dataclass(frozen=True, slots=True)
class Cause:
    """`condition` is true or false, never null, over Person left-joined to Address."""

    name: str
    sentence: str
    condition: sa.ColumnElement[bool]


def _blocked_domain() -> sa.ColumnElement[bool]:
    """Blocking a domain blocks what lies below it: example.com stands for mail.example.com too.

    The domain, what stands behind its first dot and behind its second are looked up, however many are blocked; only
    one of four parts or more is held against each of them.
    """
    parent = _behind_first_dot(Address.domain)
    below = Address.domain.endswith(sa.literal(".") + BlockedDomain.domain)
    deep = sa.and_(Address.domain.like("%.%.%.%"), sa.exists().where(below).correlate(Address))
    above = sa.and_(Address.domain.like("%.%.%"), sa.or_(_blocked(_behind_first_dot(parent)), deep))
    return sa.or_(_blocked(Address.domain), _blocked(parent), above)


def _blocked(domain: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(BlockedDomain.domain == domain).correlate(Address)


def _malformed() -> sa.ColumnElement[bool]:
    """Written, and no address: it came by a way that did not check it. The shape is looked at, not the domain."""
    odd = sa.or_(*(Address.email.like(shape) for shape in ("%@%@%", "% %", "%,%", "%;%")))
    odd = sa.or_(Address.email.not_like("_%@_%"), sa.and_(odd, Address.email.not_like('"%"@%')))
    return sa.case((Person.address_id.is_(None), sa.func.trim(Person.email) != ""), else_=odd)


OPTED_OUT = "opted_out"
INVALID_ADDRESS = "invalid_address"
# In the order in which they are told: the first that holds is the cause.
CAUSES: tuple[Cause, ...] = (
    Cause("deleted", "This person was deleted.", Person.deleted_at.is_not(None)),
    Cause(
        "no_address",
        "This person has no e-mail address. Add one to send mail.",
        sa.and_(Person.address_id.is_(None), sa.func.trim(Person.email) == ""),
    ),
    Cause(
        INVALID_ADDRESS,
        "This address is not one that mail can be sent to. Correct it.",
        _malformed(),
    ),
    Cause(
        OPTED_OUT,
        "This address has unsubscribed and gets no more mail.",
        Address.opted_out_at.is_not(None),
    ),
    Cause(
        "complained",
        "This address reported a mail as spam and gets no more mail.",
        Address.complained_at.is_not(None),
    ),
    Cause(
        "erased",
        "Whoever has this address was erased on request and gets no more mail.",
        Address.erased_at.is_not(None),
    ),
    Cause("blocked", "This address is on the block list.", Address.blocked_at.is_not(None)),
    Cause("blocked_domain", "Mail to this domain is blocked by an administrator.", _blocked_domain()),
    Cause(
        "quarantined",
        "Mail to this address bounced, so it is in quarantine. Only an administrator can release it; a new"
        " address is free.",
        Address.quarantined_at.is_not(None),
    ),
)
SENTENCES = {cause.name: cause.sentence for cause in CAUSES}


def first_cause(besides: str = "", causes: Iterable[Cause] = CAUSES) -> sa.Case[str | None]:
    """The name of the cause that holds first, else null: a column for a query over Person ⟕ Address.

    `besides` is a cause that does not count this time.
    """
    counted = (cause for cause in causes if cause.name != besides)
    return sa.case(*((cause.condition, sa.literal(cause.name)) for cause in counted), else_=sa.null())


def suppressed() -> sa.ColumnElement[bool]:
    """Whether any cause holds: a condition for a query over Person ⟕ Address."""
    return sa.or_(*(cause.condition for cause in CAUSES))


def not_to_be_mailed() -> sa.ColumnElement[bool]:
    """The same of an address without a person: a condition for a query over Address."""
    about_people = {"deleted", "no_address", "invalid_address"}
    return sa.or_(*(cause.condition for cause in CAUSES if cause.name not in about_people))


def why_not(session: Session, person_id: int, besides: str = "") -> Cause | None:
    """Why this person must not be mailed, as things stand in this transaction; None when nothing forbids it."""
    query = (
        sa.select(first_cause(besides))
        .select_from(Person)
        .outerjoin(Address, Person.address_id == Address.id)
    )
    name = session.scalar(query.where(Person.id == person_id))
    return next((cause for cause in CAUSES if cause.name == name), None)
