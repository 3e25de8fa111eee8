"""Make and revoke tokens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import hashed, new_token
from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.api_access.scopes import AREAS, Scope
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

BEGINS = "sc_"  # so that a scanner of leaked secrets knows one when it sees it
LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class TokenWish:
    """`days` until it expires, None for never; no `areas` are all of them."""

    name: str
    scope: Scope = Scope.READ
    areas: Collection[str] = ()
    days: int | None = None


def make_token(uow: UnitOfWork, actor: User, wish: TokenWish) -> tuple[ApiToken, str]:
    """A token of the actor's, and its words, which nobody can read again. Raises Invalid by field."""
    _check(wish)
    if wish.scope is Scope.ADMIN:
        require(actor, "manage_team")
    words, now = BEGINS + new_token(), machine_now()
    token = ApiToken(
        user_id=actor.id,
        name=wish.name.strip(),
        token_hash=hashed(words),
        begins=words[:8],
        scope=wish.scope,
        areas=sorted(wish.areas),
        created_at=now,
        expires_at=now + timedelta(days=wish.days) if wish.days else None,
    )
    uow.session.add(token)
    uow.session.flush()
    uow.record("token.made", actor_id=actor.id, team_id=actor.team_id, data=_about(token))
    return token, words


def revoke_token(uow: UnitOfWork, actor: User, token_id: int) -> ApiToken:
    """It opens nothing from now on. Raises NotFound for somebody else's, and for one that is revoked."""
    token = uow.session.get(ApiToken, token_id)
    if token is None or token.user_id != actor.id or token.revoked_at is not None:
        raise NotFound
    token.revoked_at = machine_now()
    uow.record("token.revoked", actor_id=actor.id, team_id=actor.team_id, data=_about(token))
    return token


def _check(wish: TokenWish) -> None:
    problems = {}
    if not 0 < len(wish.name.strip()) <= 80:
        problems["name"] = "Name the program that will use it, in at most 80 characters."
    if wish.days is not None and not 0 < wish.days <= LONGEST_DAYS:
        problems["days"] = f"Give a number of days from 1 to {LONGEST_DAYS:,}, or nothing."
    if not set(wish.areas) <= set(AREAS):
        problems["areas"] = f"An area is one of {', '.join(AREAS)}."
    if problems:
        raise Invalid(problems)


def _about(token: ApiToken) -> dict[str, object]:
    return {"token": token.id, "name": token.name, "scope": token.scope.value}
