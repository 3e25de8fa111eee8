"""Saved searches: groups whose members are whoever the search finds now. Whatever a search can ask can be saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import create_group, group_of
from sales_campaigns.people.listing import COUNTED, Wanted, matching
from sales_campaigns.people.models import Group, GroupMember, Person
from sales_campaigns.unit_of_work import UnitOfWork, now_of

NOTHING = Wanted()


def save_search(uow: UnitOfWork, actor: User, name: str, wanted: Wanted, *, shared: bool = False) -> Group:
    """Keep the search as a group. Raises Invalid for a bad name, for everybody, and for a search within one saved."""
    require(actor, "edit_people")
    kept = kept_search(wanted)
    if not kept:
        raise Invalid({"name": "Narrow the list first: a search that finds everybody is no group."})
    if wanted.group_id is not None and group_of(uow.session, actor, wanted.group_id).search:
        raise Invalid({"name": "A saved search cannot look within another one. Choose another group."})
    group = create_group(uow, actor, name, shared=shared)
    group.search = kept
    uow.session.flush()
    return group


def kept_search(wanted: Wanted) -> dict[str, Any]:
    """What the search asks for, as plain values for JSON; empty when it asks for nothing."""
    kept = {name: value for name, value in asdict(wanted).items() if value != getattr(NOTHING, name)}
    kept.pop("as_of", None)  # what people did lately is asked anew each time
    return kept


def search_of(kept: Mapping[str, Any], now: datetime) -> Wanted:
    """The search that was kept, as it is asked now. A condition that is not known any more is left out."""
    known = {one.name for one in fields(Wanted)}
    return Wanted(**{name: value for name, value in kept.items() if name in known}, as_of=now)


def resolved(session: Session, wanted: Wanted) -> Wanted:
    """The same search with a saved one, where it looks within it, in place of its group."""
    group = session.get(Group, wanted.group_id) if wanted.group_id is not None else None
    if group is None or group.search is None:
        return wanted
    return replace(wanted, group_id=None, within=search_of(group.search, now_of(session)))


def in_groups(session: Session, group_ids: Iterable[int]) -> sa.ColumnElement[bool]:
    """Whether a person is in one of these groups, as they stand: a condition on Person. Costs one query."""
    ids = list(group_ids)
    members = sa.select(GroupMember.person_id).where(GroupMember.group_id.in_(ids))
    saved = session.scalars(sa.select(Group).where(Group.id.in_(ids), Group.search.is_not(None)))
    now = now_of(session)
    living = (sa.and_(*matching(one.team_id, search_of(one.search or {}, now))) for one in saved)
    return sa.or_(Person.id.in_(members), *living)


def counts_of(session: Session, groups: Sequence[Group]) -> dict[int, int]:
    """Saved search → how many people it finds, counted up to 10,000; one query however many there are."""
    saved = [one for one in groups if one.search is not None]
    if not saved:
        return {}
    columns = [_count(one, now_of(session)).label(f"n{one.id}") for one in saved]
    row = session.execute(sa.select(*columns)).one()
    return dict(zip([one.id for one in saved], row, strict=True))


def _count(group: Group, now: datetime) -> sa.ScalarSelect[int]:
    conditions = matching(group.team_id, search_of(group.search or {}, now))
    some = sa.select(Person.id).where(*conditions).limit(COUNTED).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
