"""Who must not be mailed, and why: the same conditions judge one person and a million."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from sales_campaigns.people.models import Address, BlockedDomain, Person
from sales_campaigns.people.suppression import CAUSES, SENTENCES, first_cause, suppressed, why_not
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast, a_person
from tests.conftest import Work

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def _mark(column: str) -> Callable[[UnitOfWork, Person], None]:
    def mark(uow: UnitOfWork, person: Person) -> None:
        assert person.address is not None
        setattr(person.address, column, NOW)

    return mark


def _block(domain: str) -> Callable[[UnitOfWork, Person], None]:
    return lambda uow, person: uow.session.add(BlockedDomain(domain=domain))


def _lose_address(uow: UnitOfWork, person: Person) -> None:
    person.email, person.address = "", None


def _misspell(uow: UnitOfWork, person: Person) -> None:
    assert person.address is not None
    person.address.email = "maria@mail.example.com, noah@mail.example.com"


def _delete(uow: UnitOfWork, person: Person) -> None:
    person.deleted_at = NOW


TROUBLES = {
    "deleted": _delete,
    "no_address": _lose_address,
    "invalid_address": _misspell,
    "opted_out": _mark("opted_out_at"),
    "complained": _mark("complained_at"),
    "erased": _mark("erased_at"),
    "blocked": _mark("blocked_at"),
    "quarantined": _mark("quarantined_at"),
    "blocked_domain": _block("example.com"),
}


def _causes(uow: UnitOfWork) -> dict[int, str | None]:
    query = sa.select(Person.id, first_cause()).outerjoin(Address, Address.id == Person.address_id)
    return {person_id: cause for person_id, cause in uow.session.execute(query)}  # noqa: C416


def test_every_cause_has_its_test() -> None:
    assert set(TROUBLES) == {cause.name for cause in CAUSES} == set(SENTENCES)


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_one_and_many_are_judged_alike(work: Work, cast: Cast, name: str) -> None:
    with work() as uow:
        fine = a_person(uow, cast.ana, "fine@other.example")
        person = a_person(uow, cast.ana, "maria@mail.example.com")
        TROUBLES[name](uow, person)
        uow.session.flush()
        assert _causes(uow) == {fine.id: None, person.id: name}
        found = why_not(uow.session, person.id)
        assert found is not None and found.name == name and found.sentence.endswith(".")
        assert why_not(uow.session, fine.id) is None
        query = sa.select(Person.id).outerjoin(Address, Address.id == Person.address_id).where(suppressed())
        assert uow.session.scalars(query).all() == [person.id]


@pytest.mark.parametrize(
    ("blocked", "held"),
    [
        ("example.com", True),
        ("mail.example.com", True),
        ("ample.com", False),
        ("x.mail.example.com", False),
        ("com", True),
    ],
)
def test_a_blocked_domain_holds_what_lies_below_it(work: Work, cast: Cast, blocked: str, held: bool) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana, "maria@mail.example.com")
        uow.session.add(BlockedDomain(domain=blocked))
        uow.session.flush()
        assert (why_not(uow.session, person.id) is not None) == held


def test_the_first_cause_in_order_is_told(work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
        for name in ("quarantined", "opted_out", "blocked"):
            TROUBLES[name](uow, person)
        uow.session.flush()
        found = why_not(uow.session, person.id)
        assert found is not None and found.name == "opted_out"


@pytest.mark.parametrize(
    ("domain", "blocked"),
    [
        ("example.com", True),
        ("mail.example.com", True),
        ("a.b.example.com", True),
        ("a.b.c.d.example.com", True),
        ("com", False),
        ("notexample.com", False),
        ("example.com.au", False),
        ("a.b.notexample.com", False),
        ("x.corp", True),
        ("x.y.corp", True),
        ("corp.x", False),
    ],
)
def test_blocking_a_domain_blocks_all_that_lies_below_it(
    work: Work, cast: Cast, domain: str, blocked: bool
) -> None:
    with work() as uow:
        uow.session.add_all([BlockedDomain(domain="example.com"), BlockedDomain(domain="corp")])
        person = a_person(uow, cast.ana, f"maria@{domain}")
        found = why_not(uow.session, person.id)
        assert (found is not None and found.name == "blocked_domain") is blocked
