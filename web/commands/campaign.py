"""flask campaign: files in and out, and what a campaign would do before anything is launched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.beside_the_file import left_out_of_the_file
from sales_campaigns.campaigns.file import write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.listing import only_campaign_named
from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.campaigns.simulating import BEGINNING, Wish, foresee
from web.commands.campaign_file import A_FILE, campaign_in
from web.commands.places import day_and_step
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("campaign", help="Campaign files, and what they would do.")
LOCAL = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@group.command("import")
@click.argument("file", type=A_FILE)
@click.option("--user", "email", required=True, help="Whose campaign it becomes.")
@json_option
def import_(file: Path, email: str, as_json: bool) -> None:
    """Make a campaign of FILE, or a new version of the team's campaign of that name."""
    with command_work() as uow:
        filed = import_campaign(uow, user_by_email(uow, email), campaign_in(file))
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
        left_out = left_out_of_the_file(uow.session, campaign)
    click.echo(text, nl=False)
    for words in left_out:
        click.echo(f"Warning: {words}", err=True)


OF_A_START: tuple[Callable[[Any], Any], ...] = (
    click.option("--people", required=True, type=A_FILE, help="A file of people, with headings."),
    click.option(
        "--start", required=True, type=LOCAL, help="When it is launched: 2026-11-28T15:00, in --zone."
    ),
    click.option("--zone", required=True, help="The sender's time zone, such as Europe/Stockholm."),
    click.option("--send-at", type=LOCAL, help="When the first e-mail leaves, in --zone."),
    click.option("--task-delay", default="0d", help="How late tasks are done, in counted days: 2d."),
    click.option("--mailbox-limit", default="", help="How many mails leave the mailbox: 50/day."),
    click.option(
        "--start-at", default="", help="The step to start at, as DAY.STEP: 3.1. Earlier ones are left out."
    ),
    click.option("--leave", multiple=True, help="Days on which the sender is away: 2026-12-01..2026-12-04."),
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
    found = foresee(wish_of(file, **start), read_people(people))
    lines = lines_of(found.head(), found.entries())
    for piece in found.written() if as_json else (f"{line}\n" for line in lines):
        click.echo(piece, nl=False)
    if as_json:
        click.echo()


def wish_of(
    file: Path,
    *,
    start: datetime,
    zone: str,
    send_at: datetime | None,
    task_delay: str,
    mailbox_limit: str,
    start_at: str,
    leave: tuple[str, ...],
) -> Wish:
    """The options as they are read. Raises Invalid for a file, BadParameter for an option that is none."""
    return Wish(
        campaign_in(file),
        start,
        zone,
        send_at,
        task_delay_days=_number(task_delay, "d", "--task-delay") or 0,
        limit=_number(mailbox_limit, "/day", "--mailbox-limit"),
        leave=tuple(sorted(_days(one) for one in leave)),
        first=day_and_step(start_at, "--start-at") if start_at else BEGINNING,
    )


def _number(written: str, unit: str, option: str) -> int | None:
    """The number before its unit, None for nothing; anything else is a usage error."""
    if not written:
        return None
    found = re.fullmatch(rf"(\d{{1,6}}){re.escape(unit)}", written.strip())
    if found is None:
        raise click.BadParameter(f"write a number and the unit, such as 2{unit}", param_hint=option)
    return int(found[1])


def _days(written: str) -> tuple[date, date]:
    """First and last day, with two dots between them; one day alone is both."""
    first, _, last = written.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise click.BadParameter("write days such as 2026-12-01..2026-12-04", param_hint="--leave") from None


def lines_of(head: dict[str, Any], entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One line for each person who is left out, and for each entry."""
    yield f"{head['campaign']}: {head['to_deliver']} of {head['targeted']} people get mail"
    for excluded in head["excluded"]:
        yield f"  {excluded['person']} is left out: {excluded['cause'].replace('_', ' ')}"
    for entry in entries:
        moved = ", ".join(move["why"] for move in entry["moved"])
        what = f"day {entry['day']}, step {entry['step']} ({entry['type']} {entry['kind']})"
        yield f"{entry['local']}  {entry['person']}  {what}{f'  moved: {moved}' if moved else ''}"
