"""flask instance: stop all sending, let it go on, and confirm a restored or moved installation."""

from __future__ import annotations

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.messages.models import Stop
from sales_campaigns.messages.stops.reasons import stops_on, waiting_mails
from sales_campaigns.messages.stops.stopping import release_everything, stop_everything
from sales_campaigns.messages.stops.waking import confirm_instance
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("instance", help="Sending as a whole.")
ACTING = click.option("--user", "email", required=True, help="The administrator who does it.")


@group.command("status")
@json_option
def status(as_json: bool) -> None:
    """What stops mail, and how much waits."""
    with command_work() as uow:
        stops = [
            {"cause": line.stop.cause.value, "why": line.stop.why, "since": line.stop.at.isoformat()}
            for line in stops_on(uow.session, Stop.kind == "instance")
        ]
        data = {"sending": not stops, "stops": stops, "waiting": waiting_mails(uow.session)}
    words = "; ".join(str(one["why"]) for one in stops) or "Mail leaves as it is due"
    out(data, as_json, f"{words[:1].upper()}{words[1:]}. Waiting: {data['waiting']:,}.")


@group.command("stop")
@ACTING
@json_option
def stop(email: str, as_json: bool) -> None:
    """Stop all sending."""
    with command_work() as uow:
        stop_everything(uow, user_by_email(uow, email))
        data = {"sending": False, "waiting": waiting_mails(uow.session)}
    out(data, as_json, f"All sending is stopped. Waiting: {data['waiting']:,}.")


@group.command("release")
@ACTING
@json_option
def release(email: str, as_json: bool) -> None:
    """Let mail leave again; what is overdue is spread."""
    with command_work() as uow:
        data = {"sending": True, "spread": release_everything(uow, user_by_email(uow, email))}
    out(data, as_json, f"Mail leaves again. Overdue and spread: {data['spread']:,}.")


@group.command("confirm")
@json_option
def confirm(as_json: bool) -> None:
    """Say that this restored or moved database is the installation: mail may leave from here."""
    with command_work() as uow:
        data = {"confirmed": True, "spread": confirm_instance(uow, None)}
    out(data, as_json, f"Confirmed. Overdue and spread: {data['spread']:,}.")
