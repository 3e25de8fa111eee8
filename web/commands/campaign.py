"""flask campaign: files in and out, and what a campaign would do before anything is launched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.file import CampaignFile, read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.listing import only_campaign_named
from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.campaigns.simulating import Wish, simulate_wish
from sales_campaigns.errors import Invalid
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("campaign", help="Campaign files, and what they would do.")
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LOCAL = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@group.command("import")
@click.argument("file", type=A_FILE)
@click.option("--user", "email", required=True, help="Whose campaign it becomes.")
@json_option
def import_(file: Path, email: str, as_json: bool) -> None:
    """Make a campaign of FILE, or a new version of the team's campaign of that name."""
    with command_work() as uow:
        filed = import_campaign(uow, user_by_email(uow, email), _campaign(file))
        data = {
            "id": filed.campaign.id,
            "campaign": filed.campaign.name,
            "version": filed.version.number,
            "created": filed.created,
            "in_force": filed.in_force,
        }
    waits = "" if data["in_force"] else " It is in force once somebody applies it."
    out(data, as_json, f"“{data['campaign']}” is now version {data['version']}.{waits}")


@group.command("export")
@click.argument("name")
@click.option("--team", default="", help="Needed when several teams have a campaign of this name.")
def export(name: str, team: str) -> None:
    """Print the campaign called NAME as a file."""
    with command_work() as uow:
        campaign = only_campaign_named(uow.session, name, team)
        text = write_campaign(export_campaign(uow.session, campaign))
    click.echo(text, nl=False)


OF_A_START: tuple[Callable[[Any], Any], ...] = (
    click.option("--people", required=True, type=A_FILE, help="A file of people, with headings."),
    click.option(
        "--start", required=True, type=LOCAL, help="When it is launched: 2026-11-28T15:00, in --zone."
    ),
    click.option("--zone", required=True, help="The sender's time zone, such as Europe/Stockholm."),
    click.option("--send-at", type=LOCAL, help="When the first e-mail leaves, in --zone."),
    click.option("--task-delay", default="0d", help="How late tasks are done, in counted days: 2d."),
    click.option("--mailbox-limit", default="", help="How many mails leave the mailbox: 50/day."),
)


def options_of_a_start(command: Callable[..., Any]) -> Callable[..., Any]:
    """What simulate and rehearse are told: who, from when on, and what is assumed."""
    for option in reversed(OF_A_START):
        command = option(command)
    return command


@group.command("simulate")
@click.argument("file", type=A_FILE)
@options_of_a_start
@json_option
def simulate_(file: Path, people: Path, as_json: bool, **start: Any) -> None:
    """Print what FILE would do when, for these people. Nothing is sent and no database is needed."""
    wish = wish_of(file, **start)
    data = simulate_wish(wish, list(read_people(people)))
    out(data, as_json, "\n".join(lines_of(data)))


def wish_of(
    file: Path, *, start: datetime, zone: str, send_at: datetime | None, task_delay: str, mailbox_limit: str
) -> Wish:
    """The options as they are read. Raises Invalid for a file, BadParameter for an option that is none."""
    return Wish(
        _campaign(file),
        start,
        zone,
        send_at,
        _number(task_delay, "d", "--task-delay") or 0,
        _number(mailbox_limit, "/day", "--mailbox-limit"),
    )


def _campaign(file: Path) -> CampaignFile:
    return read_campaign(text_of(file))


def text_of(file: Path) -> str:
    """Raises Invalid for what is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{file.name} is not text in UTF-8.") from None


def _number(written: str, unit: str, option: str) -> int | None:
    """The number before its unit, None for nothing; anything else is a usage error."""
    if not written:
        return None
    found = re.fullmatch(rf"(\d{{1,6}}){re.escape(unit)}", written.strip())
    if found is None:
        raise click.BadParameter(f"write a number and the unit, such as 2{unit}", param_hint=option)
    return int(found[1])


def lines_of(data: dict[str, Any]) -> Iterator[str]:
    yield f"{data['campaign']}: {data['to_deliver']} of {data['targeted']} people get mail"
    for excluded in data["excluded"]:
        yield f"  {excluded['person']} is left out: {excluded['cause'].replace('_', ' ')}"
    for entry in data["entries"]:
        moved = ", ".join(move["why"] for move in entry["moved"])
        what = f"day {entry['day']}, step {entry['step']} ({entry['type']} {entry['kind']})"
        yield f"{entry['local']}  {entry['person']}  {what}{f'  moved: {moved}' if moved else ''}"
