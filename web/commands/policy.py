"""flask policy: what a team's administrators have laid down."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import change_policy, limits_of, policy_of
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.users import user_by_email
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("policy", help="Locks, sharing and limits of a team.")
ACTING = click.option("--user", "email", required=True, help="An administrator of the team.")
NUMBERS = ("people_per_launch", "launches_per_day", "mails_per_day")
LOCKS = ("templates_locked", "campaigns_locked")


@group.command("show")
@ACTING
@json_option
def show(email: str, as_json: bool) -> None:
    """The policy of the administrator's team."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        require(actor, "manage_team")
        data = _told(uow.session, actor)
    out(data, as_json, _words(data))


@group.command("set")
@ACTING
@click.option("--templates-locked/--templates-open", "templates_locked", default=None)
@click.option("--campaigns-locked/--campaigns-open", "campaigns_locked", default=None)
@click.option("--people-per-launch", type=click.IntRange(0, 999_999), help="0 for no limit of the team.")
@click.option("--launches-per-day", type=click.IntRange(0, 999_999), help="0 as without a policy.")
@click.option("--mails-per-day", type=click.IntRange(0, 999_999), help="0 as without a policy.")
@json_option
def set_(email: str, as_json: bool, **typed: Any) -> None:
    """Change what is given; the rest stays. It holds from now on."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        change_policy(uow, actor, _typed(uow.session, actor, typed))
        uow.session.flush()
        data = _told(uow.session, actor)
    out(data, as_json, _words(data))


def _typed(session: Session, actor: User, given: dict[str, Any]) -> dict[str, str]:
    """As its form would be sent."""
    row = policy_of(session, actor.team_id)
    kept = {name: getattr(row, name) if row else None for name in (*NUMBERS, *LOCKS)}
    wanted = {**kept, **{name: value for name, value in given.items() if value is not None}}
    guarded = "\n".join(row.guarded_categories) if row else ""
    numbers = {name: str(wanted[name] or "") for name in NUMBERS}
    return {**numbers, **{name: "1" for name in LOCKS if wanted[name]}, "guarded_categories": guarded}


def _told(session: Session, actor: User) -> dict[str, Any]:
    row, limits = policy_of(session, actor.team_id), limits_of(session, actor.team_id)
    return {
        "team": actor.team.name,
        **{name: bool(row and getattr(row, name)) for name in LOCKS},
        "guarded_categories": list(row.guarded_categories) if row else [],
        **{name: getattr(limits, name) for name in NUMBERS},
    }


def _words(data: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in data.items())
