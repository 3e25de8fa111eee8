"""Add users, give them roles and rights."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, Role, Team, User
from sales_campaigns.accounts.sign_in import hash_password
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.time_zones import zone_names
from sales_campaigns.unit_of_work import UnitOfWork


def add_user(uow: UnitOfWork, *, email: str, team: str, password: str = "", **fields: Any) -> User:
    """A new user of the named team, which is made when it is new. Raises Invalid."""
    email = email.strip().lower()
    _check(uow, email, fields)
    user = User(
        email=email,
        team=_team(uow, team),
        password_hash=hash_password(password) if password else "",
        created_at=uow.now,
        **fields,
    )
    uow.session.add(user)
    uow.session.flush()
    uow.record("user.added", actor_id=user.id, team_id=user.team_id, data={"role": str(user.role)})
    return user


def user_by_email(uow: UnitOfWork, email: str) -> User:
    """Raises NotFound with the address."""
    user = uow.session.scalar(sa.select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(f"There is no user {email}.")
    return user


def _check(uow: UnitOfWork, email: str, fields: dict[str, Any]) -> None:
    problems = {}
    if "@" not in email or any(character.isspace() for character in email):
        problems["email"] = "An e-mail address looks like ana@example.com."
    elif uow.session.scalar(sa.select(User.id).where(User.email == email)):
        problems["email"] = f"There is a user {email} already."
    if fields.get("zone", "UTC") not in zone_names():
        problems["zone"] = "Choose a time zone of the list, such as Europe/Stockholm."
    if str(fields.get("role", Role.USER)) not in set(Role):
        problems["role"] = f"A role is one of {', '.join(Role)}."
    if problems:
        raise Invalid(problems)


def _team(uow: UnitOfWork, name: str) -> Team:
    if not name.strip():
        raise Invalid({"team": "Name the team."})
    if uow.session.get(Instance, 1) is None:
        uow.session.add(Instance(id=1))
    team = uow.session.scalar(sa.select(Team).where(Team.name == name.strip()))
    if team is None:
        team = Team(name=name.strip())
        uow.session.add(team)
    return team
