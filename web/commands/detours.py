"""flask campaign jump, restart and move: another way for people who are in a campaign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.campaigns.listing import only_campaign_named
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.campaigns.versions import in_force
from sales_campaigns.enrollments.detours.judging import judge_jumps
from sales_campaigns.enrollments.detours.jumping import jump_people
from sales_campaigns.enrollments.detours.restarting import Wanted, begin_again, foresee_again
from sales_campaigns.enrollments.explaining.people_in import newest_of
from sales_campaigns.enrollments.launches import choosing
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import NotFound
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.places import step_key
from web.commands.running import command_work, json_option, out
from web.filters import count_words, when_words
from web.request_scope import settings

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("name"),
    click.option("--user", "email", required=True, help="Who does it."),
    click.option(
        "--people",
        required=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file of people.",
    ),
    click.option("--yes", is_flag=True, help="Do it without asking."),
    json_option,
    with_appcontext,
)


def of_people(command: Callable[..., Any]) -> Callable[..., Any]:
    """What all three are told: the campaign, who does it, and for whom."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("jump")
@click.option("--to", required=True, help="The step, as DAY.STEP: 3.1.")
@click.option("--again", is_flag=True, help="Send again what was sent, and repeat what was done.")
@of_people
def jump(name: str, email: str, people: Path, to: str, again: bool, yes: bool, as_json: bool) -> None:
    """Let people in the campaign called NAME jump to a step.

    With --json and without --yes it only says what would happen."""
    with command_work() as uow:
        actor, campaign, chosen = _chosen(uow, name, email, people)
        key = step_key(in_force(uow.session, campaign), to, "--to")
        ways = ways_of(uow.session, [one.id for one in chosen])
        lines = [
            {
                "person": one.way.enrollment.email,
                "at": one.ahead[0].at.isoformat() if one.ahead else None,
                "words": one.refusal or f"{when_words(one.ahead[0].at, actor.zone)} ({actor.zone})",
            }
            for one in judge_jumps(uow.session, ways, key, again, uow.now)
        ]
    data: dict[str, Any] = {"campaign": name, "people": lines, "done": 0}
    able = sum(line["at"] is not None for line in lines)
    if _agreed(able, "Let {} jump?", [f"{one['person']}: {one['words']}" for one in lines], yes, as_json):
        with command_work() as uow:
            actor, _, chosen = _chosen(uow, name, email, people)
            data["done"] = jump_people(uow, actor, chosen, key, again=again).people
    out(data, as_json, f"{count_words(data['done'], 'person', 'people')} jumped.")


@click.command("restart")
@click.option("--start-at", default="", help="The step to start at, as DAY.STEP.")
@of_people
def restart(name: str, email: str, people: Path, start_at: str, yes: bool, as_json: bool) -> None:
    """Let people begin the campaign called NAME again; the way so far ends, and stays in the history."""
    _begin_again(name, name, email, people, start_at, yes, as_json)


@click.command("move")
@click.option("--to", "to_name", required=True, help="The campaign they move to.")
@click.option("--start-at", default="", help="The step of it to start at, as DAY.STEP.")
@of_people
def move(name: str, email: str, people: Path, to_name: str, start_at: str, yes: bool, as_json: bool) -> None:
    """Move people of the campaign called NAME to another one: it ends here and begins there."""
    _begin_again(name, to_name, email, people, start_at, yes, as_json)


def _begin_again(
    name: str, to_name: str, email: str, people: Path, start_at: str, yes: bool, as_json: bool
) -> None:
    with command_work() as uow:
        actor, _, chosen = _chosen(uow, name, email, people)
        target = only_campaign_named(uow.session, to_name, actor.team.name)
        key = step_key(in_force(uow.session, target), start_at)
        wanted = Wanted(target.id, key, settings().launch_limit)
        found = foresee_again(uow, actor, chosen, wanted)
        data: dict[str, Any] = {
            "campaign": to_name,
            "starting": found.starting,
            "begins": found.begins.isoformat() if found.begins else None,
            "finishes": found.finishes.isoformat() if found.finishes else None,
            "excluded": [{"person": one.person.email, "cause": one.cause} for one in found.excluded],
            "done": 0,
        }
        lines = [f"{one.person.email} stays: {one.words}" for one in found.excluded]
        lines += [found.refusal] if found.refusal else []
    if _agreed(found.starting, f"Let {{}} begin “{to_name}”?", lines, yes, as_json):
        with command_work() as uow:
            actor, _, chosen = _chosen(uow, name, email, people)
            data["done"] = begin_again(uow, actor, chosen, wanted).people
    out(data, as_json, f"{count_words(data['done'], 'person', 'people')} began “{to_name}”.")


def _chosen(uow: UnitOfWork, name: str, email: str, path: Path) -> tuple[User, Campaign, list[Enrollment]]:
    """The newest enrollment of each person of the file. Raises NotFound when nobody of them is in the campaign."""
    actor = user_by_email(uow, email)
    campaign = only_campaign_named(uow.session, name, actor.team.name)
    words = "\n".join(row.get("email", "") for row in read_people(path))
    found = newest_of(uow.session, campaign, choosing.pasted(uow.session, campaign, words).person_ids)
    if not found:
        raise NotFound(f"Nobody of this file is in “{name}”.")
    return actor, campaign, found


def _agreed(able: int, question: str, lines: list[str], yes: bool, as_json: bool) -> bool:
    """Print what would happen and ask with the number; no is the end of the command."""
    if not as_json:
        click.echo("\n".join(lines)) if lines else None
    asks = not (yes or as_json)
    return yes or (asks and click.confirm(question.format(count_words(able, "person", "people")), abort=True))
