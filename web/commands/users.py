"""flask user: add users and let them in."""

from __future__ import annotations

import click

from sales_campaigns.accounts.models import Role
from sales_campaigns.accounts.sign_in import make_link
from sales_campaigns.accounts.users import add_user, user_by_email
from web.commands.running import CommandGroup, command_work, json_option, out
from web.parts.sign_in_links import link_for

group = CommandGroup("user", help="Users of this installation.")


@group.command("add")
@click.argument("email")
@click.option("--team", required=True, help="The team; made when it is new.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--role", default=Role.USER.value, type=click.Choice([role.value for role in Role]))
@click.option("--zone", default="UTC", help="IANA time zone, such as Europe/Stockholm.")
@click.option("--prepare", is_flag=True, help="Give the right “prepare deliveries”.")
@click.option("--start", is_flag=True, help="Give the right “start deliveries”.")
@json_option
def add(
    email: str,
    team: str,
    first_name: str,
    last_name: str,
    role: str,
    zone: str,
    prepare: bool,
    start: bool,
    as_json: bool,
) -> None:
    """Add a user and print a one-time sign-in link."""
    with command_work() as uow:
        user = add_user(
            uow,
            email=email,
            team=team,
            first_name=first_name,
            last_name=last_name,
            role=Role(role),
            zone=zone,
            can_prepare=prepare,
            can_start=start,
        )
        link = link_for(make_link(uow.session, user))
        data = {
            "id": user.id,
            "email": user.email,
            "team": user.team.name,
            "role": user.role.value,
            "link": link,
        }
    out(data, as_json, f"Added {data['email']} to {data['team']}. Sign in once with {link}")


@group.command("link")
@click.argument("email")
@json_option
def link(email: str, as_json: bool) -> None:
    """Print a new one-time sign-in link."""
    with command_work() as uow:
        url = link_for(make_link(uow.session, user_by_email(uow, email)))
    out({"link": url}, as_json, url)
