"""One's own profile: name and signature fields, time zone, password."""

from __future__ import annotations

from collections.abc import Mapping

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import end_other_sessions, hash_password, is_password
from sales_campaigns.errors import Invalid
from sales_campaigns.time_zones import zone_names
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST = {"first_name": 120, "last_name": 120, "title": 200, "phone": 60}


def change_profile(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> User:
    """Set name, job title, phone and zone. Raises Invalid by field."""
    user = uow.session.get_one(User, actor.id)
    given = {name: " ".join(typed.get(name, "").split()) for name in LONGEST}
    problems = {
        name: f"Use {most} characters or fewer." for name, most in LONGEST.items() if len(given[name]) > most
    }
    if typed.get("zone", "") not in zone_names():
        problems["zone"] = "Choose a time zone of the list, such as Europe/Stockholm."
    if problems:
        raise Invalid(problems)
    for name, value in given.items():
        setattr(user, name, value)
    user.zone = typed["zone"]
    uow.record("user.profile_changed", actor_id=user.id, team_id=user.team_id, data={"user": user.id})
    return user


def change_password(uow: UnitOfWork, actor: User, typed: Mapping[str, str], token: str) -> None:
    """A new password; every other device is signed out. Who has none yet needs not tell the former one.

    Raises Invalid by field.
    """
    user = uow.session.get_one(User, actor.id)
    if user.password_hash and not is_password(user, typed.get("former", "")):
        raise Invalid({"former": "This is not your password."})
    if typed.get("password", "") != typed.get("again", ""):
        raise Invalid({"again": "The two do not agree."})
    user.password_hash = hash_password(typed.get("password", ""))
    end_other_sessions(uow.session, user, token)
    uow.record("user.password_changed", actor_id=user.id, team_id=user.team_id, data={"user": user.id})
