"""One chunk of an audience, judged as a set: every person gets the first cause that holds, or none.

The order of the rules: address filters, filtering rules, duplicates (ranked among those without a cause, lowest
person first), pressure, capacity, missing fields. The verdicts stand in a table of the transaction, so that the
exclusions and the recipients made from it are of one look at the people: targeted = to deliver + excluded, always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Exclusion, Recipient
from sales_campaigns.deliveries.typology.contacted import Together, contacted, was_contacted
from sales_campaigns.deliveries.typology.fields import lacks, words_for
from sales_campaigns.deliveries.typology.windows import Pressure, Waiting, too_often
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import Cause, first_cause

VERDICTS = sa.Table(
    "verdict",
    sa.MetaData(),
    sa.Column("person_id", sa.Integer, nullable=False),
    sa.Column("address_id", sa.Integer),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("cause", sa.String(40)),
    sa.Column("words", sa.Text, nullable=False),
    prefixes=["TEMPORARY"],
)
V = VERDICTS.c
Conditions = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What one delivery's people are judged by: `fields` are those its plain content needs of them."""

    about_people: tuple[Cause, ...]
    pressure: tuple[Pressure, ...]
    fields: tuple[str, ...]
    at: datetime  # when the mail would leave
    waiting: Waiting  # confirmed deliveries with recipients to come
    one_team: bool  # nobody of it shares an address: the people's own unique key says so
    own: Mapping[str, str]  # cause → words of the team's own rules, kept with each exclusion
    alone: bool = False  # nobody of any team shares an address with another, be it one who was deleted
    together: Together | None = None  # where they stand close as well


@dataclass(frozen=True, slots=True)
class Marked:
    """How the rows of one preparation are marked. `waits`: its recipients leave when somebody releases them."""

    occasion: int = 0
    run: int | None = None
    waits: bool = False


@contextmanager
def verdicts(
    session: Session, policy: Policy, people: Conditions, addresses: Conditions = ()
) -> Iterator[None]:
    """Inside the block the table of verdicts holds one row for each of `people`."""
    connection = session.connection()
    VERDICTS.create(connection, checkfirst=False)
    with contacted(session, policy.pressure, policy.at, policy.waiting, policy.together):
        session.execute(sa.insert(VERDICTS).from_select(list(V.keys()), judged(policy, people, addresses)))
    yield
    VERDICTS.drop(connection, checkfirst=False)


def judged(policy: Policy, people: Conditions, addresses: Conditions = ()) -> sa.Select[Any]:
    """(person, address, zone, cause, words) of each of `people`, for one of them or for very many.

    `addresses` says of Address what `people` says of Person.address_id, which a planner does not see by itself.
    """
    found = _found(policy, people, addresses).cte("found")
    ranked = (sa.select(found) if policy.one_team else _ranked(found)).cte("ranked")
    late = _late_causes(policy, ranked)
    later = sa.case(*((condition, sa.literal(name)) for name, condition in late), else_=sa.null())
    cause = sa.func.coalesce(ranked.c.cause, later)  # named once: what is named twice is worked out twice
    return sa.select(ranked.c.person_id, ranked.c.address_id, ranked.c.zone, cause, ranked.c.lacking)


def set_aside(session: Session, cause: str, words: Mapping[int, str]) -> None:
    """Give people without a cause this one; `words` says why by person."""
    if words:
        session.execute(
            sa.update(VERDICTS)
            .where(V.person_id == sa.bindparam("person"), V.cause.is_(None))
            .values(cause=cause, words=sa.bindparam("why")),
            [{"person": person, "why": why} for person, why in words.items()],
        )


def keep_only(session: Session, most: int, cause: str) -> None:
    """The rule: capacity excludes only where the rule says so. Those beyond the first `most` are left out."""
    rank = sa.func.row_number().over(order_by=V.person_id).label("rank")
    free = sa.select(V.person_id, rank).where(V.cause.is_(None)).subquery()
    beyond = sa.select(free.c.person_id).where(free.c.rank > most)
    session.execute(sa.update(VERDICTS).where(V.person_id.in_(beyond)).values(cause=cause))


def counted(session: Session) -> dict[str | None, int]:
    """Cause → number of people; None for those who get the mail."""
    rows = session.execute(sa.select(V.cause, sa.func.count()).group_by(V.cause))
    return {cause: number for cause, number in rows}  # noqa: C416


def write_down(
    session: Session,
    delivery_id: int,
    at: datetime,
    policy: Policy,
    seconds: Mapping[str, int],
    marked: Marked,
) -> None:
    """Exclusions and recipients from the verdicts; `seconds` is how much later each zone's mail leaves."""
    constant = (sa.literal(delivery_id), sa.literal(marked.occasion, sa.BigInteger()))
    run = sa.literal(marked.run, sa.Integer())
    words = sa.case({"field_missing": V.words, **policy.own}, value=V.cause, else_="")
    excluded = sa.select(*constant, V.person_id, V.cause, words, sa.literal(at, Exclusion.at.type), run)
    session.execute(
        sa.insert(Exclusion).from_select(
            ["delivery_id", "occasion", "person_id", "cause", "words", "at", "run"],
            excluded.where(V.cause.is_not(None)),
        )
    )
    after: sa.ColumnElement[Any] = sa.case(seconds, value=V.zone, else_=0) if seconds else sa.literal(0)
    if marked.waits:
        after = sa.literal(None, sa.Integer())
    session.execute(
        sa.insert(Recipient).from_select(
            ["delivery_id", "occasion", "address_id", "person_id", "after"],
            sa.select(*constant, V.address_id, V.person_id, after).where(V.cause.is_(None)),
        )
    )


def zones_here(session: Session) -> list[str]:
    return list(session.scalars(sa.select(V.zone).where(V.cause.is_(None)).distinct()))


def _found(policy: Policy, people: Conditions, addresses: Conditions) -> sa.Select[Any]:
    lacking = sa.case(*((lacks(name), words_for(name)) for name in policy.fields), else_="")
    return (
        sa.select(
            Person.id.label("person_id"),
            Person.address_id,
            Person.zone,
            first_cause(causes=policy.about_people).label("cause"),
            (lacking if policy.fields else sa.literal("")).label("lacking"),
        )
        .outerjoin(Address, sa.and_(Address.id == Person.address_id, *addresses))
        .where(*people)
    )


def _ranked(found: sa.CTE) -> sa.Select[Any]:
    """The rule: the second and later row of the same address, among rows that have no cause yet."""
    place = sa.func.row_number().over(
        partition_by=(found.c.address_id, found.c.cause.is_(None)), order_by=found.c.person_id
    )
    return sa.select(found, place.label("place"))


def _late_causes(policy: Policy, ranked: sa.CTE) -> list[tuple[str, sa.ColumnElement[bool]]]:
    """(cause, condition) of what is asked only of those without a cause, in order."""
    often = [(rule.cause, _often(policy, ranked, rule)) for rule in policy.pressure]
    twins = [] if policy.one_team else [("duplicate", ranked.c.place > 1)]
    return [*twins, *often, ("field_missing", ranked.c.lacking != "")]


def _often(policy: Policy, ranked: sa.CTE, rule: Pressure) -> sa.ColumnElement[bool]:
    alone = ranked.c.person_id if policy.alone else None
    near = was_contacted(ranked.c.person_id, rule) if policy.together else None
    return too_often(ranked.c.address_id, rule, policy.at, policy.waiting, person=alone, near=near)
