"""Candidates become people: known ones are filled and updated, never blanked, new ones are made. Set-based."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from sales_campaigns.addresses import MailAddress
from sales_campaigns.people.address_rows import ensure_addresses, insert_missing
from sales_campaigns.people.checking import Candidate, identity
from sales_campaigns.people.models import Address, GroupMember, PeopleImport, Person
from sales_campaigns.unit_of_work import UnitOfWork

FIELDS = ("first_name", "last_name", "company", "title", "phone", "linkedin_url", "zone")
Known = RowMapping


@dataclass(slots=True)
class _Gathered:
    """All that one chunk says of one person; a later row wins over an earlier one, cell by cell."""

    address: MailAddress | None
    fields: dict[str, str]
    custom: dict[str, str]


def merge(uow: UnitOfWork, found: PeopleImport, candidates: Sequence[Candidate]) -> tuple[int, int]:
    """Write these candidates to the import's team; how many rows were new people, and how many merged."""
    gathered = _gather(candidates)
    address_ids = ensure_addresses(uow.session, [one.address for one in gathered.values() if one.address])
    known = known_people(uow.session, found.team_id, candidates)
    fresh = {key: one for key, one in gathered.items() if key not in known}
    made = _insert(uow, found, fresh, address_ids)
    _update(uow, found, gathered, known)
    if found.group_id is not None:
        join_group(uow.session, found.group_id, [*made, *(row["id"] for row in known.values())])
    return len(made), len(candidates) - len(made)


def known_people(session: Session, team_id: int, candidates: Iterable[Candidate]) -> dict[str, Known]:
    """Which of these the team has already, by the candidate's key: columns of the person, and its id."""
    listed = list(candidates)
    addresses = {one.key for one in listed if one.address is not None}
    known = {row["key"]: row for row in _by_address(session, team_id, addresses)}
    without = {one.key: one for one in listed if one.address is None}
    for row in _by_phone_or_linkedin(session, team_id, list(without.values())):
        known.setdefault(identity({name: row[name] for name in FIELDS}), row)
    return {key: row for key, row in known.items() if key in addresses or key in without}


def join_group(session: Session, group_id: int, person_ids: Sequence[int]) -> None:
    """Put these people into the group; those who are in it stay."""
    if person_ids:
        rows = [{"group_id": group_id, "person_id": person_id} for person_id in sorted(set(person_ids))]
        session.execute(insert_missing(session, GroupMember), rows)


def _gather(candidates: Sequence[Candidate]) -> dict[str, _Gathered]:
    gathered: dict[str, _Gathered] = {}
    for one in candidates:
        whole = gathered.setdefault(one.key, _Gathered(one.address, {}, {}))
        whole.fields |= one.fields
        whole.custom |= one.custom
    return gathered


def _columns() -> list[Any]:
    names = ("id", "import_id", "custom", "deleted_at", "changed_at", *FIELDS)
    return [getattr(Person, name) for name in names]


def _by_address(session: Session, team_id: int, keys: set[str]) -> Sequence[Known]:
    if not keys:
        return ()
    query = sa.select(Address.email.label("key"), *_columns()).join(Person, Person.address_id == Address.id)
    return session.execute(query.where(Person.team_id == team_id, Address.email.in_(keys))).mappings().all()


def _by_phone_or_linkedin(session: Session, team_id: int, without: Sequence[Candidate]) -> Sequence[Known]:
    """The oldest person first, so that it is always the same one that takes a row in."""
    if not without:
        return ()
    phones = {one.fields["phone"] for one in without if "phone" in one.fields}
    urls = {one.fields["linkedin_url"] for one in without if "linkedin_url" in one.fields}
    query = sa.select(*_columns()).where(
        Person.team_id == team_id,
        Person.address_id.is_(None),
        Person.phone.in_(phones) | Person.linkedin_url.in_(urls),
    )
    return session.execute(query.order_by(Person.id)).mappings().all()


def _insert(
    uow: UnitOfWork, found: PeopleImport, fresh: Mapping[str, _Gathered], address_ids: Mapping[str, int]
) -> Sequence[int]:
    if not fresh:
        return ()
    empty = dict.fromkeys(FIELDS, "")
    rows = [
        {
            **empty,
            **one.fields,
            "team_id": found.team_id,
            "owner_id": found.user_id,
            "import_id": found.id,
            "address_id": address_ids[key] if one.address else None,
            "email": one.address.email if one.address else "",
            "custom": one.custom,
            "created_at": uow.now,
            "changed_at": uow.now,
        }
        for key, one in fresh.items()
    ]
    return uow.session.scalars(sa.insert(Person).returning(Person.id), rows).all()


def _update(
    uow: UnitOfWork, found: PeopleImport, gathered: Mapping[str, _Gathered], known: Mapping[str, Known]
) -> None:
    changes = [_changed(uow, found, row, gathered[key]) for key, row in known.items()]
    if rows := [change for change in changes if change]:
        uow.session.execute(sa.update(Person), rows)


def _changed(uow: UnitOfWork, found: PeopleImport, row: Known, one: _Gathered) -> dict[str, Any] | None:
    """The new columns of a known person, or nothing to write. Somebody who was deleted is there again.

    A repeated row of the import that made the person is no later change: undoing may still remove it.
    """
    before = {name: row[name] for name in (*FIELDS, "custom", "deleted_at")}
    after = {**before, **one.fields, "custom": {**row["custom"], **one.custom}, "deleted_at": None}
    if after == before:
        return None
    by_itself = row["import_id"] == found.id
    return {**after, "id": row["id"], "changed_at": row["changed_at"] if by_itself else uow.now}
