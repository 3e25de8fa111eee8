"""Who may do what: invite users, give them a role and rights, deactivate them."""

from __future__ import annotations

from collections.abc import Mapping

from sales_campaigns.accounts.listing import may_change, team_names, user_of
from sales_campaigns.accounts.models import Role, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.accounts.sign_in import end_every_session, make_link
from sales_campaigns.accounts.users import add_user
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.unit_of_work import UnitOfWork


def invite(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> tuple[User, str]:
    """A new user from the form, and the token of a link that signs in once. Raises Invalid by field."""
    require(actor, "manage_team")
    team = typed.get("team", "").strip() or actor.team.name
    if not sees_every_team(actor) and team not in team_names(uow.session, actor):
        raise NotAllowed("You may add users to your own team only.")
    user = add_user(
        uow,
        email=typed.get("email", ""),
        team=team,
        first_name=typed.get("first_name", "").strip()[:120],
        last_name=typed.get("last_name", "").strip()[:120],
        zone=typed.get("zone", "").strip() or actor.zone,
        role=_role(actor, typed.get("role", Role.USER)),
        can_prepare="can_prepare" in typed,
        can_start="can_start" in typed,
    )
    return user, make_link(uow.session, user)


def new_link(uow: UnitOfWork, actor: User, user_id: int) -> tuple[User, str]:
    """Another link that signs this user in once, for a forgotten password."""
    user = _changeable(uow, actor, user_id)
    if not user.active:
        raise IllegalMove("This user is deactivated. Activate the user first.")
    uow.record("user.link_made", actor_id=actor.id, team_id=user.team_id, data=_about(user))
    return user, make_link(uow.session, user)


def change_rights(
    uow: UnitOfWork, actor: User, user_id: int, role: str, *, can_prepare: bool, can_start: bool
) -> User:
    """Raises NotAllowed for one's own rights and those of somebody above."""
    user = _changeable(uow, actor, user_id)
    user.role, user.can_prepare, user.can_start = _role(actor, role), can_prepare, can_start
    data = {**_about(user), "role": user.role.value, "prepare": can_prepare, "start": can_start}
    uow.record("user.changed", actor_id=actor.id, team_id=user.team_id, data=data)
    return user


def deactivate(uow: UnitOfWork, actor: User, user_id: int) -> User:
    """Signed out everywhere at once, and no way in."""
    user = _changeable(uow, actor, user_id)
    if not user.active:
        raise IllegalMove("This user is deactivated already.")
    user.active = False
    end_every_session(uow.session, user)
    uow.record("user.deactivated", actor_id=actor.id, team_id=user.team_id, data=_about(user))
    return user


def activate(uow: UnitOfWork, actor: User, user_id: int) -> User:
    user = _changeable(uow, actor, user_id)
    if user.active:
        raise IllegalMove("This user is active already.")
    user.active = True
    uow.record("user.activated", actor_id=actor.id, team_id=user.team_id, data=_about(user))
    return user


def _changeable(uow: UnitOfWork, actor: User, user_id: int) -> User:
    user = user_of(uow.session, actor, user_id)
    if user.id == actor.id:
        raise NotAllowed("Nobody changes the own rights. Ask another administrator.")
    if not may_change(actor, user):
        raise NotAllowed("Only an administrator may change an administrator.")
    return user


def _role(actor: User, wanted: str) -> Role:
    if wanted not in set(Role):
        raise Invalid({"role": f"A role is one of {', '.join(Role)}."})
    if wanted == Role.ADMINISTRATOR and not sees_every_team(actor):
        raise NotAllowed("Only an administrator makes another one.")
    return Role(wanted)


def _about(user: User) -> dict[str, object]:
    return {"user": user.id, "email": user.email}
