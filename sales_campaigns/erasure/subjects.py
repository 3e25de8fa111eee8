"""Who a person is in the rows: of every team that knows the address, and under the addresses they had before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.activity import Activity
from sales_campaigns.addresses import check_address
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.erasure.traces import Trace
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.schema import METADATA


@dataclass(frozen=True, slots=True)
class Subject:
    """`people` are rows of one human, the oldest first; `addresses` is lower-cased address → its id.

    `pseudonyms` is what every address that mail went to becomes, also one that somebody else has by now.
    """

    people: Sequence[Person]
    addresses: dict[str, int]
    pseudonyms: dict[str, str]

    @property
    def ids(self) -> list[int]:
        return [person.id for person in self.people]

    @property
    def names(self) -> set[str]:
        """Full names that are long enough to be looked for in letters."""
        whole = {
            f"{one.first_name} {one.last_name}" for one in self.people if one.first_name and one.last_name
        }
        return {name for name in whole if len(name) > 4}


def subject_of(session: Session, *, person_id: int | None = None, email: str = "") -> Subject:
    """Whoever this is, deleted or not. Raises NotFound for nobody, and for who was erased already."""
    if email:
        person_id = session.scalar(
            sa.select(Person.id)
            .join(Address, Address.id == Person.address_id)
            .where(Address.email == _key(email), Person.erased_at.is_(None))
            .order_by(Person.id)
            .limit(1)
        )
    person = session.get(Person, person_id) if person_id is not None else None
    if person is None or person.erased_at is not None:
        raise NotFound("Nobody with this address is known.")
    people = _with_address(session, person)
    former = _former(session, [one.id for one in people])
    addresses = _addresses(session, people, former)
    pseudonyms = dict.fromkeys(former, pseudonym(f"p{people[0].id}"))
    return Subject(people, addresses, pseudonyms | {email: pseudonym(id) for email, id in addresses.items()})


def pseudonym(name: object) -> str:
    """An address that says nothing and leads nowhere (RFC 2606); one for each address, so that rows stay apart."""
    return f"erased-{name}@erased.invalid"


def about(trace: Trace, subject: Subject) -> sa.ColumnElement[bool]:
    """A condition on the rows of a trace: they are about this person."""
    column, ids = trace.rows.c[trace.by], subject.ids
    if trace.table == "address" or trace.by == "address_id":
        return column.in_(list(subject.addresses.values()))
    if trace.table == "activity":
        return sa.or_(column.in_(ids), *(_leads(trace.rows, name, ids) for name in _BESIDE))
    if trace.by in {"id", "person_id"}:
        return column.in_(ids)
    return _leads(trace.rows, trace.by, ids)


def mentions(column: sa.ColumnElement[str], words: str) -> sa.ColumnElement[bool]:
    """Text or JSON that holds these words, as they stand in it."""
    written = {words, json.dumps(words)[1:-1]}
    text = sa.cast(column, sa.Text)
    return sa.or_(*(text.icontains(one, autoescape=True) for one in sorted(written)))


_BESIDE = ("message_id", "task_id", "enrollment_id")


def _leads(rows: sa.Table, by: str, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    parent = METADATA.tables[by.removesuffix("_id")]
    return rows.c[by].in_(sa.select(parent.c.id).where(parent.c.person_id.in_(ids)))


def _with_address(session: Session, person: Person) -> Sequence[Person]:
    """The rule: what is known of an address counts for everybody who has it, and one address is one human."""
    same = Person.id == person.id
    if person.address_id is not None:
        same = sa.or_(same, Person.address_id == person.address_id)
    query = sa.select(Person).where(same, Person.erased_at.is_(None)).order_by(Person.id)
    return session.scalars(query).all()


def _former(session: Session, ids: Sequence[int]) -> set[str]:
    """Every address that mail to them went to, or was meant to."""
    enrolled = sa.select(Enrollment.email).where(Enrollment.person_id.in_(ids))
    mailed = sa.select(Message.email).where(Message.person_id.in_(ids), ~Message.proof)
    return {*session.scalars(sa.union(enrolled, mailed)), *_merged(session, ids)} - {""}


def _addresses(session: Session, people: Sequence[Person], former: set[str]) -> dict[str, int]:
    """Those of now, and former ones unless somebody else has them by now."""
    ids = [person.id for person in people]
    theirs = sa.select(Person.address_id).where(Person.id.in_(ids), Person.address_id.is_not(None))
    others = sa.exists().where(Person.address_id == Address.id, Person.id.not_in(ids))
    wanted = sa.or_(Address.id.in_(theirs), sa.and_(Address.email.in_(former), ~others))
    rows = session.execute(sa.select(Address.email, Address.id).where(wanted).order_by(Address.id))
    return {row.email: row.id for row in rows}


def _merged(session: Session, ids: Sequence[int]) -> set[str]:
    """Addresses of records that were merged into these."""
    merged = sa.select(Activity.data).where(Activity.kind == "person.merged", Activity.person_id.in_(ids))
    return {str(data.get("email", "")).lower() for data in session.scalars(merged)} - {""}


def _key(email: str) -> str:
    try:
        return check_address(email).key
    except Invalid:
        raise NotFound("Nobody with this address is known.") from None
