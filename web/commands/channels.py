"""flask channel: relays of a team, through which its reps send as their verified identities."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from sales_campaigns.absence.going_through import channel_works
from sales_campaigns.accounts.channels.keeping import add_channel, channel_typed, take_away
from sales_campaigns.accounts.channels.reading import ChannelLine, channel_of, every_channel
from sales_campaigns.accounts.mailboxes import SECURITY
from sales_campaigns.accounts.reaching import channel_account
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.ports import MailAccount
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import house, outside

group = CommandGroup("channel", help="Relays of a team, through which its reps send.")
by_option = click.option("--by", "email", required=True, help="The administrator who does it.")


@group.command("add")
@click.argument("name")
@by_option
@click.option("--address", required=True, help="What the mails with codes come from.")
@click.option("--host", required=True)
@click.option("--port", default="587", show_default=True)
@click.option("--security", default="starttls", show_default=True, type=click.Choice(list(SECURITY)))
@click.option("--username", default="")
@click.option("--password", default="", envvar="CHANNEL_PASSWORD", help="Or in CHANNEL_PASSWORD.")
@click.option("--per-minute", default="", help="Mails a minute at most, of all who send through it.")
@click.option("--per-day", default="", help="Mails in any 24 hours at most.")
@json_option
def add(email: str, password: str, as_json: bool, **typed: str) -> None:
    """Add a channel for the team of the administrator, once its server has taken the sign-in."""
    wish = channel_typed(typed)
    largest = _asked(wish.server.account(password))
    with command_work() as uow:
        admin = user_by_email(uow, email)
        channel = add_channel(uow, admin, wish, house().seal.close(password))
        channel_works(uow, admin, channel.id, largest)
        data = {"id": channel.id, "name": channel.name, "team": channel.team.name}
    out(data, as_json, f"“{data['name']}” is channel {data['id']} of {data['team']}.")


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Print every channel with its state and the verified identities."""
    with command_work() as uow:
        data = [_told(line) for line in every_channel(uow.session)]
    words = [f"{one['id']}  {one['team']}  {one['name']}  {one['state']}  {_names(one)}" for one in data]
    out(data, as_json, "\n".join(words) or "There is no channel yet.")


@group.command("check")
@click.argument("channel_id", type=int)
@by_option
@json_option
def check(channel_id: int, email: str, as_json: bool) -> None:
    """Ask its server. One that was lost, or taken away, sends again."""
    with command_work() as uow:
        account = channel_account(
            channel_of(uow.session, user_by_email(uow, email), channel_id), house().seal
        )
    largest = _asked(account)
    with command_work() as uow:
        channel, people = channel_works(uow, user_by_email(uow, email), channel_id, largest)
        data = {"id": channel.id, "name": channel.name, "new_dates": people}
    out(data, as_json, f"“{data['name']}” works.")


@group.command("take-away")
@click.argument("channel_id", type=int)
@by_option
@json_option
def drop(channel_id: int, email: str, as_json: bool) -> None:
    """Nothing leaves through it any more; what waits is held."""
    with command_work() as uow:
        number = take_away(uow, user_by_email(uow, email), channel_id)
    out({"id": channel_id, "mailboxes": number}, as_json, f"Taken away. Mailboxes that wait: {number:,}.")


def _asked(account: MailAccount) -> int | None:
    """What the server says of the largest mail, in bytes. Raises Outside when it does not take the sign-in."""
    with closing(outside().mail.open(account)) as provider:
        return provider.check()


def _told(line: ChannelLine) -> dict[str, Any]:
    channel = line.channel
    state = "taken away" if channel.closed_at else "lost" if channel.lost_at else "sending"
    return {
        "id": channel.id,
        "team": channel.team.name,
        "name": channel.name,
        "state": state,
        "trouble": channel.trouble,
        "identities": [one.address for one in line.identities if one.verified_at],
        "mailboxes": line.mailboxes,
    }


def _names(one: dict[str, Any]) -> str:
    return ", ".join(one["identities"]) or "nobody yet"
