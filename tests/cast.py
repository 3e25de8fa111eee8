"""The cast: Ana and Ben of one team, Cleo the administrator, Dirk of another team; and who they write to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sales_campaigns.accounts.models import Instance, Mailbox, Role, Team, User
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass
class Cast:
    ana: User
    ben: User
    cleo: User
    dirk: User
    ana_box: Mailbox
    ben_box: Mailbox
    dirk_box: Mailbox


def cast_of(uow: UnitOfWork) -> Cast:
    north, south = Team(name="North"), Team(name="South")
    _added(uow, north, south, Instance(id=1))
    ana = _user(uow, north, "Ana", "Lind")
    ben = _user(uow, north, "Ben", "Okafor")
    cleo = _user(uow, north, "Cleo", "Martin", role=Role.ADMINISTRATOR, can_prepare=True, can_start=True)
    dirk = _user(uow, south, "Dirk", "Visser")
    _added(uow, ana, ben, cleo, dirk)
    boxes = [_mailbox(user) for user in (ana, ben, dirk)]
    _added(uow, *boxes)
    return Cast(ana, ben, cleo, dirk, *boxes)


def a_mailbox(uow: UnitOfWork, user: User, **fields: Any) -> Mailbox:
    box = _mailbox(user, **fields)
    _added(uow, box)
    return box


def a_person(uow: UnitOfWork, owner: User, email: str = "maria@example.com", **fields: Any) -> Person:
    """A person of the owner's team; names and company are filled in unless given."""
    address = Address(email=email.lower(), domain=email.rpartition("@")[2].lower()) if email else None
    known = {
        "first_name": "Maria",
        "last_name": "Santos",
        "company": "Fjord Energy",
        "zone": "Europe/Stockholm",
    }
    person = Person(
        team_id=owner.team_id,
        owner_id=owner.id,
        email=email,
        address=address,
        created_at=uow.now,
        changed_at=uow.now,
        **{**known, **fields},
    )
    uow.session.add(person)
    uow.session.flush()
    return person


def _user(uow: UnitOfWork, team: Team, first: str, last: str, **fields: Any) -> User:
    return User(
        team=team,
        email=f"{first.lower()}@{team.name.lower()}.example",
        first_name=first,
        last_name=last,
        zone="Europe/Stockholm",
        created_at=uow.now,
        **fields,
    )


def _mailbox(user: User, **fields: Any) -> Mailbox:
    reached = {"provider": "smtp", "host": "127.0.0.1", "security": "none"}
    return Mailbox(**{"user_id": user.id, "address": user.email, **reached, **fields})


def _added(uow: UnitOfWork, *rows: object) -> None:
    """They have numbers of their own afterwards, in this order."""
    uow.session.add_all(rows)
    uow.session.flush()
