"""flask token: let programs act for a user."""

from __future__ import annotations

from typing import Any

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.api_access.issuing import TokenWish, make_token, revoke_token
from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.api_access.scopes import AREAS, Scope
from sales_campaigns.api_access.tokens import tokens_of
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("token", help="Tokens with which programs use the API.")


@group.command("add")
@click.argument("name")
@click.option("--user", "email", required=True, help="Whose rights it has.")
@click.option("--scope", default=Scope.READ.value, type=click.Choice([one.value for one in Scope]))
@click.option("--area", "areas", multiple=True, type=click.Choice(AREAS), help="Only there; several times.")
@click.option("--days", type=int, help="Until it expires; never when left out.")
@json_option
def add(name: str, email: str, scope: str, areas: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token for the program called NAME, and print it: it is told only now."""
    with command_work() as uow:
        wish = TokenWish(name, Scope(scope), areas, days)
        token, words = make_token(uow, user_by_email(uow, email), wish)
        data = {**_told(token), "token": words}
    out(data, as_json, words)


@group.command("list")
@click.option("--user", "email", required=True, help="Whose tokens.")
@json_option
def list_(email: str, as_json: bool) -> None:
    """Print the tokens of a user that were not revoked."""
    with command_work() as uow:
        data = [_told(token) for token in tokens_of(uow.session, user_by_email(uow, email))]
    out(data, as_json)


@group.command("revoke")
@click.argument("token_id", type=int)
@click.option("--user", "email", required=True, help="Whose token.")
@json_option
def revoke(token_id: int, email: str, as_json: bool) -> None:
    """Revoke a token by the number that `list` prints."""
    with command_work() as uow:
        data = _told(revoke_token(uow, user_by_email(uow, email), token_id))
    out(data, as_json, f"“{data['name']}” opens nothing any more.")


def _told(token: ApiToken) -> dict[str, Any]:
    instants = {name: getattr(token, name) for name in ("created_at", "used_at", "expires_at")}
    return {
        "id": token.id,
        "name": token.name,
        "begins": token.begins,
        "scope": token.scope.value,
        "areas": token.areas,
        **{name: at.isoformat() if at else None for name, at in instants.items()},
    }
