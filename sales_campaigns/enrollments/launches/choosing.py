"""Whom to launch to: people by group, by pasted address, and the list of those chosen so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.addresses import check_address
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import group_of
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.searches import in_groups

BETWEEN = re.compile(r"[\s,;<>\"]+")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found in pasted words: people of the team, addresses that nobody of the team has, and broken ones."""

    person_ids: list[int]
    unknown: list[str]
    broken: list[str]


def chosen(session: Session, campaign: Campaign, person_ids: Iterable[int]) -> Sequence[Person]:
    """Those of the campaign's team, by last name."""
    query = sa.select(Person).where(Person.id.in_(set(person_ids)), *_of(campaign))
    return session.scalars(query.order_by(Person.last_name, Person.first_name, Person.id)).all()


def members(session: Session, actor: User, campaign: Campaign, group_id: int) -> Sequence[int]:
    """The people of a group. Raises NotFound for a group that is not the actor's to see."""
    group = group_of(session, actor, group_id)
    query = sa.select(Person.id).where(in_groups(session, [group.id]), *_of(campaign))
    return session.scalars(query.order_by(Person.id)).all()


def pasted(session: Session, campaign: Campaign, words: str) -> Pasted:
    """Addresses as people paste them: one a line, with commas, or as `Maria Santos <maria@example.com>`."""
    keys: dict[str, str] = {}
    broken = []
    for word in BETWEEN.split(words):
        if "@" not in word:
            continue  # a name beside its address
        try:
            found = check_address(word)
            keys.setdefault(found.key, found.email)
        except Invalid:
            broken.append(word)
    known = _by_address(session, campaign, keys)
    return Pasted(
        list(known.values()), [email for key, email in keys.items() if key not in known], sorted(set(broken))
    )


def _by_address(session: Session, campaign: Campaign, keys: Iterable[str]) -> dict[str, int]:
    query = sa.select(Address.email, Person.id).join(Person, Person.address_id == Address.id)
    rows = session.execute(query.where(Address.email.in_(set(keys)), *_of(campaign)).order_by(Person.id))
    return {row.email: row.id for row in rows}


def _of(campaign: Campaign) -> tuple[sa.ColumnElement[bool], ...]:
    return Person.team_id == campaign.team_id, Person.deleted_at.is_(None)
