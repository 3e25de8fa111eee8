"""Reads of people for screens: one page of the list, one person. A page costs the same however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.errors import NotFound
from sales_campaigns.people.engagement import did_lately, stands_in
from sales_campaigns.people.models import Address, Group, GroupMember, Person
from sales_campaigns.people.suppression import SENTENCES, first_cause

PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One row of the list: the person, the owner's name, and why mail is not allowed ("" when it is)."""

    person: Person
    owner: str
    cause: str

    @property
    def sentence(self) -> str:
        return SENTENCES.get(self.cause, "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. `words` are looked for in names, company and address, all of them.

    `did` is a name of `engagement.DID`, in the last `days` before the instant `as_of`, which such a search needs.
    `campaign_id`, `standing` and `ended_why` are those of `engagement.stands_in`.
    `within` is another search that must find the person too.
    """

    words: str = ""
    owner_id: int | None = None
    group_id: int | None = None
    import_id: int | None = None
    unsubscribed: bool = False
    consent: str = ""
    did: str = ""
    days: int = 30
    as_of: datetime | None = None
    campaign_id: int | None = None
    standing: str = ""
    ended_why: str = ""
    within: Wanted | None = None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """`after` is the key of the next page, empty on the last one; `total` is counted up to 10,000."""

    lines: tuple[PersonLine, ...]
    after: str
    total: int


COUNTED = 10_000


def people_page(
    session: Session, actor: User, wanted: Wanted, *, after: str = "", limit: int = PAGE
) -> PeoplePage:
    """People of the actor's team by last name, first name; `after` is a key given by the page before."""
    query = (
        sa.select(Person, User, first_cause())
        .join(User, User.id == Person.owner_id)
        .outerjoin(Address, Address.id == Person.address_id)
        .options(contains_eager(Person.address))
        .where(*matching(actor.team_id, wanted), *_beyond(session, after))
        .order_by(Person.last_name, Person.first_name, Person.id)
        .limit(limit + 1)
    )
    found = session.execute(query).all()
    lines = tuple(PersonLine(person, owner.name, cause or "") for person, owner, cause in found[:limit])
    more = str(lines[-1].person.id) if len(found) > limit else ""
    return PeoplePage(lines, more, _total(session, actor, wanted))


def person_of(session: Session, actor: User, person_id: int) -> Person:
    """Raises NotFound for a person of another team and for one that was deleted."""
    found = session.scalar(
        sa.select(Person).where(Person.id == person_id).options(joinedload(Person.address))
    )
    if found is None or found.deleted_at is not None:
        raise NotFound
    if found.team_id != actor.team_id and not sees_every_team(actor):
        raise NotFound
    return found


def known_ids(session: Session, actor: User, ids: Sequence[int], *, deleted: bool = False) -> list[int]:
    """Those of these ids that are people of the actor's team; of those that were deleted where asked."""
    stands = Person.deleted_at.is_not(None) if deleted else Person.deleted_at.is_(None)
    query = sa.select(Person.id).where(Person.id.in_(ids), stands)
    return list(
        session.scalars(query if sees_every_team(actor) else query.where(Person.team_id == actor.team_id))
    )


def groups_with(session: Session, actor: User, person_id: int) -> Sequence[Group]:
    """The groups this person is in, as far as the actor may see them."""
    query = sa.select(Group).join(GroupMember).where(GroupMember.person_id == person_id)
    if not sees_every_team(actor):
        query = query.where(Group.team_id == actor.team_id, Group.shared | (Group.owner_id == actor.id))
    return session.scalars(query.order_by(Group.name)).all()


def owners(session: Session, actor: User) -> Sequence[User]:
    """The active users of the actor's team, by name."""
    query = sa.select(User).where(User.team_id == actor.team_id, User.active)
    return session.scalars(query.order_by(User.first_name, User.last_name, User.id)).all()


def teammates(session: Session, actor: User) -> Sequence[tuple[int, str]]:
    """(id, name) of the same users, for choices: no rows are made of hundreds."""
    query = sa.select(User.id, User.first_name, User.last_name, User.email)
    rows = session.execute(
        query.where(User.team_id == actor.team_id, User.active).order_by(
            User.first_name, User.last_name, User.id
        )
    )
    return [(row.id, f"{row.first_name} {row.last_name}".strip() or row.email) for row in rows]


def matching(team_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """The people of a team that a search finds: conditions on Person, for a list and for an audience alike."""
    conditions = [Person.team_id == team_id, Person.deleted_at.is_(None)]
    if wanted.within is not None:
        conditions += matching(team_id, wanted.within)
    if wanted.owner_id is not None:
        conditions.append(Person.owner_id == wanted.owner_id)
    if wanted.group_id is not None:
        members = sa.select(GroupMember.person_id).where(GroupMember.group_id == wanted.group_id)
        conditions.append(Person.id.in_(members))
    columns = (Person.first_name, Person.last_name, Person.company, Person.email)
    if wanted.import_id is not None:
        conditions.append(Person.import_id == wanted.import_id)
    if wanted.unsubscribed:
        out = sa.select(Address.id).where(Address.opted_out_at.is_not(None))
        conditions.append(Person.address_id.in_(out))
    if wanted.consent:
        conditions.append(
            Person.consent == wanted.consent if wanted.consent != "none" else Person.consent.is_(None)
        )
    if wanted.did:
        assert wanted.as_of is not None, "a search by what people did lately says when it is asked"
        conditions.append(did_lately(wanted.did, wanted.days, wanted.as_of))
    if wanted.campaign_id is not None:
        conditions.append(stands_in(wanted.campaign_id, wanted.standing, wanted.ended_why))
    for word in wanted.words.split()[:5]:
        conditions.append(
            sa.or_(
                *(column.icontains(one, autoescape=True) for column in columns for one in _spellings(word))
            )
        )
    return conditions


def _spellings(word: str) -> set[str]:
    """SQLite knows capitals only of ASCII letters, so other words are looked for as they may be written."""
    return {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}


def _beyond(session: Session, after: str) -> list[sa.ColumnElement[bool]]:
    """The rows after that person in the order of the list; a key that no longer leads anywhere begins anew."""
    last = session.get(Person, int(after)) if after.isdecimal() and len(after) < 16 else None
    if last is None:
        return []
    here = sa.tuple_(Person.last_name, Person.first_name, Person.id)
    return [here > sa.tuple_(sa.literal(last.last_name), sa.literal(last.first_name), sa.literal(last.id))]


def _total(session: Session, actor: User, wanted: Wanted) -> int:
    some = sa.select(Person.id).where(*matching(actor.team_id, wanted)).limit(COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
