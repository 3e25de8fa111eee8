"""Who is probably the same person twice: the same record in the CRM, LinkedIn page, phone number, or name
and company. Only reads.

The same address twice is no case: an address in whatever capitals belongs to one person of a team.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.models import CrmConnection, CrmContact
from sales_campaigns.people.models import Address, Person

MOST = 50
# Two addresses of one lead or contact there. Whoever is in no CRM has none.
_IN_CRM = (
    sa.select(CrmContact.crm_id)
    .join(CrmConnection, CrmConnection.id == CrmContact.connection_id)
    .join(Address, Address.email == CrmContact.email)
    .where(CrmConnection.team_id == Person.team_id, Address.id == Person.address_id)
    .correlate(Person)
    .scalar_subquery()
)
# What two of them share → the expression that is the same; "" is nobody's.
KEYS: dict[str, sa.ColumnElement[str]] = {
    "record in the CRM": _IN_CRM,
    "LinkedIn page": sa.func.rtrim(sa.func.lower(Person.linkedin_url), "/"),
    "phone number": sa.func.replace(sa.func.replace(Person.phone, " ", ""), "-", ""),
    "name and company": sa.case(
        (sa.or_(Person.first_name == "", Person.last_name == "", Person.company == ""), ""),
        else_=sa.func.lower(Person.first_name + "|" + Person.last_name + "|" + Person.company),
    ),
}


@dataclass(frozen=True, slots=True)
class Alike:
    """People who share something, the oldest first, and what it is."""

    shares: str
    people: Sequence[Person]


def probable_duplicates(session: Session, actor: User, most: int = MOST) -> list[Alike]:
    """Those of the actor's team; eight queries however many there are. A pair is told once, for the first it shares."""
    found: list[Alike] = []
    told: set[frozenset[int]] = set()
    for shares, key in KEYS.items():
        for people in _sharing(session, actor.team_id, key, most):
            ids = frozenset(person.id for person in people)
            if ids not in told:
                told.add(ids)
                found.append(Alike(shares, people))
    return found[:most]


def _sharing(session: Session, team_id: int, key: sa.ColumnElement[str], most: int) -> list[list[Person]]:
    living = (Person.team_id == team_id, Person.deleted_at.is_(None), key != "")
    keys = sa.select(key).where(*living).group_by(key).having(sa.func.count() > 1).order_by(key).limit(most)
    shared = session.scalars(keys).all()
    query = (
        sa.select(Person, key)
        .outerjoin(Address, Address.id == Person.address_id)
        .options(contains_eager(Person.address))
        .where(*living, key.in_(shared))
        .order_by(key, Person.id)
    )
    together: dict[str, list[Person]] = defaultdict(list)
    for person, value in session.execute(query) if shared else ():
        together[value].append(person)
    return list(together.values())
