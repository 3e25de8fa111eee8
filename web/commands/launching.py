"""flask campaign launch: add people to a campaign from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.listing import only_campaign_named
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.enrollments.launches import choosing
from sales_campaigns.enrollments.launches.chosen_times import timed_steps
from sales_campaigns.enrollments.launches.forecasting import forecast
from sales_campaigns.enrollments.launches.launching import Order, Prepared, launch, prepare
from sales_campaigns.enrollments.launches.orders import open_for_launch
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.groups import groups_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.places import step_key
from web.commands.running import command_work, json_option, out
from web.filters import count_words, when_words
from web.request_scope import settings

LOCAL = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command("launch")
@click.argument("name")
@click.option("--user", "email", required=True, help="Who launches, and whose mailbox the mails leave from.")
@click.option(
    "--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of people."
)
@click.option("--group", "group_name", default="", help="A group of people.")
@click.option("--send-at", type=LOCAL, help="When the first e-mail leaves, in the sender's time.")
@click.option(
    "--recipients-zone", is_flag=True, help="Read times of day, also --send-at, in each person's zone."
)
@click.option(
    "--start-at", default="", help="The step to start at, as DAY.STEP: 3.1. Earlier ones are left out."
)
@click.option("--yes", is_flag=True, help="Start without asking.")
@json_option
@with_appcontext
def command(
    name: str,
    email: str,
    people: Path | None,
    group_name: str,
    send_at: datetime | None,
    recipients_zone: bool,
    start_at: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Add people to the campaign called NAME. With --json and without --yes it only says what would happen.

    People are known by their address; import a file first when its people are new.
    """
    if not people and not group_name:
        raise click.UsageError("Name the people: --people FILE or --group NAME.")
    with command_work() as uow:
        actor = user_by_email(uow, email)
        campaign = only_campaign_named(uow.session, name, actor.team.name)
        ids, unknown = _people(uow, actor, campaign, people, group_name)
        order = _order(uow, actor, campaign, ids, send_at, recipients_zone, start_at)
        prepared = prepare(uow, actor, order)
        data = {**_told(uow, actor, prepared, order), "unknown": unknown, "launch": None}
    if not as_json:
        click.echo("\n".join(_lines(data, actor)))
    if yes or (not as_json and _agreed(data)):
        with command_work() as uow:
            data["launch"] = launch(uow, actor, order, settings().launch_limit).id
    out(data, as_json, f"{count_words(data['to_deliver'], 'person', 'people')} started.")


def _people(
    uow: UnitOfWork, actor: User, campaign: Campaign, path: Path | None, group_name: str
) -> tuple[list[int], list[str]]:
    """The people of the file and of the group, and the addresses of the file that nobody of the team has."""
    ids: list[int] = []
    unknown: list[str] = []
    if path is not None:
        words = "\n".join(row.get("email", "") for row in read_people(path))
        found = choosing.pasted(uow.session, campaign, words)
        ids, unknown = found.person_ids, [*found.unknown, *found.broken]
    if group_name:
        named = [line.group.id for line in groups_of(uow.session, actor) if line.group.name == group_name]
        if not named:
            raise NotFound(f"There is no group called “{group_name}”.")
        ids += choosing.members(uow.session, actor, campaign, named[0])
    return list(dict.fromkeys(ids)), unknown


def _order(
    uow: UnitOfWork,
    actor: User,
    campaign: Campaign,
    person_ids: Sequence[int],
    send_at: datetime | None,
    recipients_zone: bool,
    start_at: str,
) -> Order:
    _, version = open_for_launch(uow, actor, campaign.id)
    key, times = step_key(version, start_at), {}
    start = next((step.position for step in version.steps if step.key == key), 0)
    if send_at is not None:
        first = next((step for step in timed_steps(version) if step.position == start), None)
        if first is None:
            raise Invalid("The first step is no e-mail with a time of its own: leave --send-at out.")
        times[first.key] = send_at if recipients_zone else resolve(send_at, actor.zone)
    zone = recipients_zone or None
    return Order(campaign.id, person_ids, recipients_zone=zone, send_at=times, first_key=key)


def _told(uow: UnitOfWork, actor: User, prepared: Prepared, order: Order) -> dict[str, Any]:
    checked = prepared.checked
    dates = forecast(uow.session, actor, prepared, order, uow.now)
    begins = min((step.first.at for step in dates.steps if step.first), default=None)
    return {
        "campaign": prepared.campaign.name,
        "targeted": checked.targeted,
        "to_deliver": len(checked.to_deliver),
        "excluded": [
            {"person": one.person.email or one.person.name, "cause": one.cause, "words": one.words}
            for one in checked.excluded
        ],
        "begins": begins.isoformat() if begins else None,
        "finishes": dates.finishes.isoformat() if dates.finishes else None,
    }


def _lines(data: dict[str, Any], actor: User) -> list[str]:
    people = count_words(data["to_deliver"], "person", "people")
    lines = [f"{data['campaign']}: {people} of {data['targeted']:,} can be added."]
    lines += [f"  {one['person']} is excluded: {one['words']}" for one in data["excluded"]]
    lines += [f"  {email} is nobody of your team: import people first." for email in data["unknown"]]
    if data["begins"]:
        begins, finishes = (datetime.fromisoformat(data[name]) for name in ("begins", "finishes"))
        lines.append(
            f"It begins {when_words(begins, actor.zone)} and ends {when_words(finishes, actor.zone)} ({actor.zone})."
        )
    return lines


def _agreed(data: dict[str, Any]) -> bool:
    """Ask with the number; no is the end of the command."""
    return click.confirm(f"Start {count_words(data['to_deliver'], 'person', 'people')}?", abort=True)
