"""Create, change, delete and restore one person or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.addresses import check_address
from sales_campaigns.errors import Invalid
from sales_campaigns.people.address_rows import ensure_addresses
from sales_campaigns.people.checking import NOBODY, check_fields
from sales_campaigns.people.columns import LONGEST_CUSTOM
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.merging import FIELDS
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork


def create_person(
    uow: UnitOfWork, actor: User, typed: Mapping[str, str], custom: Mapping[str, str] | None = None
) -> Person:
    """Make a person of the actor's team from typed values: `email` and the names in FIELDS. Raises Invalid.

    Somebody who was deleted and has this address comes back, as the actor's.
    """
    require(actor, "edit_people")
    person = _deleted_one(uow, actor, typed.get("email", "")) or Person(
        team_id=actor.team_id, created_at=uow.now
    )
    person.owner_id, person.changed_at, person.deleted_at = actor.id, uow.now, None
    _fill(uow, person, typed, custom)
    uow.session.add(person)
    _flush(uow)
    uow.record("person.created", actor_id=actor.id, team_id=person.team_id, person_id=person.id)
    return person


def change_person(
    uow: UnitOfWork,
    actor: User,
    person_id: int,
    typed: Mapping[str, str],
    custom: Mapping[str, str] | None = None,
) -> Person:
    """Set what is given; an empty value empties the field, what is not given stays. Raises Invalid."""
    require(actor, "edit_people")
    person = person_of(uow.session, actor, person_id)
    before = {name: getattr(person, name) for name in ("email", *FIELDS)}
    _fill(uow, person, typed, custom)
    person.changed_at = uow.now
    _flush(uow)
    changed = sorted(name for name, value in before.items() if getattr(person, name) != value)
    data = {"fields": changed}
    uow.record("person.changed", actor_id=actor.id, team_id=person.team_id, person_id=person.id, data=data)
    return person


def notice_nothing(uow: UnitOfWork, actor: User, person_id: int, *, untracked: bool) -> Person:
    """No pixel and no tracked links in mails to this person from now on; or as their campaigns say again."""
    require(actor, "edit_people")
    person = person_of(uow.session, actor, person_id)
    person.untracked, person.changed_at = untracked, uow.now
    data = {"fields": ["untracked"]}
    uow.record("person.changed", actor_id=actor.id, team_id=person.team_id, person_id=person.id, data=data)
    return person


def delete_people(uow: UnitOfWork, actor: User, person_ids: Sequence[int]) -> list[int]:
    """Hide these people and stop mail to them; the ids of those that were there. Can be undone."""
    return _set_deleted(uow, actor, person_ids, gone=True)


def restore_people(uow: UnitOfWork, actor: User, person_ids: Sequence[int]) -> list[int]:
    """Undo a deletion."""
    return _set_deleted(uow, actor, person_ids, gone=False)


def _set_deleted(uow: UnitOfWork, actor: User, person_ids: Sequence[int], *, gone: bool) -> list[int]:
    require(actor, "edit_people")
    stands = Person.deleted_at.is_(None) if gone else Person.deleted_at.is_not(None)
    ours = sa.true() if sees_every_team(actor) else Person.team_id == actor.team_id
    changed = uow.session.scalars(
        sa.update(Person)
        .where(Person.id.in_(person_ids), stands, ours)
        .values(deleted_at=uow.now if gone else None, changed_at=uow.now)
        .returning(Person.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if changed:
        kind = "person.deleted" if gone else "person.restored"
        about = {"person_id": changed[0]} if len(changed) == 1 else {}
        data = {"people": sorted(changed)}
        uow.record(kind, actor_id=actor.id, team_id=actor.team_id, data=data, **about)
    return sorted(changed)


def _deleted_one(uow: UnitOfWork, actor: User, email: str) -> Person | None:
    try:
        key = check_address(email).key
    except Invalid:
        return None
    query = sa.select(Person).join(Address, Address.id == Person.address_id)
    gone = query.where(Address.email == key, Person.team_id == actor.team_id, Person.deleted_at.is_not(None))
    return uow.session.scalar(gone)


def _fill(
    uow: UnitOfWork, person: Person, typed: Mapping[str, str], custom: Mapping[str, str] | None
) -> None:
    problems: dict[str, str] = {}
    clean: Mapping[str, str] = {}
    try:
        clean = check_fields({name: typed[name] for name in FIELDS if name in typed})
    except Invalid as error:
        problems |= error.problems
    try:
        if "email" in typed:
            _set_address(uow, person, typed["email"])
    except Invalid as error:
        problems |= error.problems
    problems |= _long_custom(custom or {})
    if problems:
        raise Invalid(problems)
    for name, value in clean.items():
        setattr(person, name, value)
    if custom is not None:
        person.custom = {name: value.strip() for name, value in custom.items() if value.strip()}
    if not (person.address_id or person.phone or person.linkedin_url):
        raise Invalid({"email": NOBODY})


def _set_address(uow: UnitOfWork, person: Person, raw: str) -> None:
    if not raw.strip():
        person.email, person.address_id = "", None
        return
    checked = check_address(raw)
    address_id = ensure_addresses(uow.session, [checked])[checked.key]
    with uow.session.no_autoflush:
        taken = uow.session.scalar(
            sa.select(Person).where(Person.team_id == person.team_id, Person.address_id == address_id)
        )
    if taken is not None and taken.id != person.id:
        raise Invalid({"email": _taken(taken)})
    person.email, person.address_id = checked.email, address_id


def _taken(person: Person) -> str:
    if person.deleted_at is not None:
        return "Somebody who was deleted has this address. Add a person with it to bring them back."
    return f"{person.name} of your team has this address already."


def _long_custom(custom: Mapping[str, str]) -> dict[str, str]:
    words = f"This is longer than {LONGEST_CUSTOM:,} characters."
    return {f"custom:{name}": words for name, value in custom.items() if len(value) > LONGEST_CUSTOM}


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise Invalid({"email": "Somebody of your team has this address already."}) from error
