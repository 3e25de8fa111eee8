"""flask user list, deactivate and activate: with the rights of an administrator."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.listing import users_of
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.enrollments.leaving import activate_sender, deactivate_sender
from web.commands.running import command_work, json_option, out
from web.filters import count_words

ACTING = click.option("--user", "acting", required=True, help="The administrator who does it.")


@click.command("list")
@ACTING
@json_option
@with_appcontext
def list_users(acting: str, as_json: bool) -> None:
    """Users with team, role and mailbox: of the own team, for administrators of every team."""
    with command_work() as uow:
        data = [
            {
                "email": line.user.email,
                "name": line.user.name,
                "team": line.user.team.name,
                "role": line.user.role.value,
                "active": line.user.active,
                "mailbox": line.mailbox.address if line.mailbox else None,
            }
            for line in users_of(uow.session, user_by_email(uow, acting))
        ]
    words = [f"{one['email']}  {one['team']}  {one['role']}{_standing(one['active'])}" for one in data]
    out(data, as_json, "\n".join(words))


@click.command("deactivate")
@click.argument("email")
@ACTING
@json_option
@with_appcontext
def deactivate_user(email: str, acting: str, as_json: bool) -> None:
    """Sign EMAIL out everywhere; people under way are held until they are handed over or ended."""
    with command_work() as uow:
        actor, user = user_by_email(uow, acting), user_by_email(uow, email)
        data: dict[str, Any] = {"email": user.email, "held": deactivate_sender(uow, actor, user.id)}
    held = count_words(data["held"], "person is held", "people are held")
    out(data, as_json, f"{data['email']} is deactivated; {held}.")


@click.command("activate")
@click.argument("email")
@ACTING
@json_option
@with_appcontext
def activate_user(email: str, acting: str, as_json: bool) -> None:
    """Let EMAIL in again; people who were held because of it go on."""
    with command_work() as uow:
        actor, user = user_by_email(uow, acting), user_by_email(uow, email)
        data: dict[str, Any] = {"email": user.email, "going_on": activate_sender(uow, actor, user.id)}
    going_on = count_words(data["going_on"], "person goes", "people go")
    out(data, as_json, f"{data['email']} may sign in again; {going_on} on.")


def _standing(active: object) -> str:
    return "" if active else "  deactivated"
