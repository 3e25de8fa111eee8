"""Test profiles of a team: who gets proofs, and who gets a copy of every delivery (a seed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.addresses import check_address
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

MOST = 100
MOST_SEEDS = 20


def profiles_of(session: Session, actor: User) -> Sequence[tuple[TestProfile, Person | None]]:
    """Those of the actor's team by name, each with whom it stands in for, in one query."""
    rows = session.execute(
        sa.select(TestProfile, Person)
        .outerjoin(Person, Person.id == TestProfile.person_id)
        .where(TestProfile.team_id == actor.team_id)
        .order_by(sa.func.lower(TestProfile.name), TestProfile.id)
    )
    return [(profile, person) for profile, person in rows]


def profile_of(session: Session, actor: User, profile_id: int) -> TestProfile:
    """Raises NotFound for a profile of another team."""
    found = session.get(TestProfile, profile_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    return found


def add_profile(
    uow: UnitOfWork, actor: User, *, name: str, email: str, stands_in: str = "", seed: bool = False
) -> TestProfile:
    """`stands_in` is the address of a person of the team, "" for nobody. Raises Invalid by field."""
    require(actor, "prepare_deliveries")
    profile = TestProfile(team_id=actor.team_id, created_at=uow.now)
    _fill(uow.session, profile, name, email, stands_in, seed)
    uow.session.add(profile)
    uow.session.flush()
    uow.record("test_profile.added", **_about(actor, profile))
    return profile


def change_profile(
    uow: UnitOfWork, actor: User, profile_id: int, *, name: str, email: str, stands_in: str, seed: bool
) -> TestProfile:
    """For what leaves from now on. Raises Invalid by field."""
    profile = profile_of(uow.session, actor, profile_id)
    require(actor, "prepare_deliveries")
    _fill(uow.session, profile, name, email, stands_in, seed)
    uow.record("test_profile.changed", **_about(actor, profile))
    return profile


def delete_profile(uow: UnitOfWork, actor: User, profile_id: int) -> TestProfile:
    """What it got stays in the lists of proofs."""
    profile = profile_of(uow.session, actor, profile_id)
    require(actor, "prepare_deliveries")
    uow.record("test_profile.deleted", **_about(actor, profile))
    uow.session.delete(profile)
    return profile


def _fill(session: Session, profile: TestProfile, name: str, email: str, stands_in: str, seed: bool) -> None:
    """Everything is checked before anything is changed."""
    problems: dict[str, str] = {}
    said = " ".join(name.split())
    if not 0 < len(said) <= 120:
        problems["name"] = "Give it a name of 1 to 120 characters."
    wire = _address(session, profile, email, problems)
    person = _person(session, profile.team_id, stands_in.strip(), problems)
    problem = _too_many(session, profile, seed)
    if problem:
        problems["seed" if seed else "email"] = problem
    if problems:
        raise Invalid(problems)
    profile.name, profile.email, profile.seed = said, wire, seed
    profile.person_id = person.id if person else None


def _address(session: Session, profile: TestProfile, email: str, problems: dict[str, str]) -> str:
    try:
        wire = check_address(email).wire
    except Invalid as refusal:
        problems.update(refusal.problems)
        return ""
    twin = sa.select(TestProfile.id).where(
        TestProfile.team_id == profile.team_id, sa.func.lower(TestProfile.email) == wire.lower()
    )
    with session.no_autoflush:
        found = session.scalar(twin)
    if found is not None and found != profile.id:
        problems["email"] = "There is a test profile with this address already."
    return wire


def _person(session: Session, team_id: int, email: str, problems: dict[str, str]) -> Person | None:
    if not email:
        return None
    found = session.scalar(
        sa.select(Person).where(
            Person.team_id == team_id,
            sa.func.lower(Person.email) == email.lower(),
            Person.deleted_at.is_(None),
        )
    )
    if found is None:
        problems["stands_in"] = f"Nobody of your team has the address “{email[:80]}”."
    return found


def _too_many(session: Session, profile: TestProfile, seed: bool) -> str:
    others = sa.select(sa.func.count()).where(
        TestProfile.team_id == profile.team_id, TestProfile.id != (profile.id or 0)
    )
    with session.no_autoflush:
        if seed and (session.scalar(others.where(TestProfile.seed)) or 0) >= MOST_SEEDS:
            return f"At most {MOST_SEEDS} addresses get every delivery."
        return f"Keep at most {MOST}." if (session.scalar(others) or 0) >= MOST else ""


def _about(actor: User, profile: TestProfile) -> dict[str, Any]:
    return {
        "actor_id": actor.id,
        "team_id": profile.team_id,
        "data": {"profile": profile.id, "email": profile.email},
    }
