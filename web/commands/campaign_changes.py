"""flask campaign plan and apply: a file against the stored campaign of its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.enrollments.changes.file_changes import FilePlan, apply_file, plan_file
from web.commands.campaign_file import A_FILE, campaign_in
from web.commands.running import command_work, json_option, out
from web.filters import count_words, when_words
from web.parts.change_words import effect_sentences

SHOWN = 20
CHANGES = 2  # the exit code of a plan that would change something


@click.command("plan")
@click.argument("file", type=A_FILE)
@click.option("--user", "email", required=True, help="Who would apply it.")
@json_option
@click.pass_context
@with_appcontext
def plan(context: click.Context, file: Path, email: str, as_json: bool) -> None:
    """Say what FILE would change in the campaign of its name, and for the people in it. Nothing is changed.

    Ends with 0 when nothing would change, with 2 when something would, with 1 when the file is refused.
    """
    with command_work() as uow:
        planned = plan_file(uow, user_by_email(uow, email), campaign_in(file))
    out(told(planned), as_json, "\n".join(_lines(planned)))
    if not planned.nothing:
        context.exit(CHANGES)


@click.command("apply")
@click.argument("file", type=A_FILE)
@click.option("--user", "email", required=True, help="Who applies it.")
@click.option("--yes", is_flag=True, help="Apply without asking.")
@json_option
@with_appcontext
def apply(file: Path, email: str, yes: bool, as_json: bool) -> None:
    """Put FILE into force for the campaign of its name, also for the people under way. It asks first.

    With --json and without --yes it only says what would happen.
    """
    with command_work() as uow:
        planned = plan_file(uow, user_by_email(uow, email), campaign_in(file))
    if not as_json:
        click.echo("\n".join(_lines(planned)))
    applied = not planned.nothing and (yes or (not as_json and _agreed(planned)))
    if applied:
        with command_work() as uow:
            apply_file(uow, user_by_email(uow, email), campaign_in(file))
    out({**told(planned), "applied": applied}, as_json, "It is in force." if applied else "Nothing was done.")


def told(planned: FilePlan) -> dict[str, Any]:
    """A plan as plain values for JSON; instants in UTC."""
    effect = asdict(planned.effect)
    effect.pop("examples")
    return {
        "campaign": planned.campaign,
        "exists": planned.exists,
        "changes": not planned.nothing,
        "allowed": planned.allowed,
        "replaces_waiting_edits": planned.waiting,
        "steps": [asdict(step) for step in planned.steps],
        "settings": list(planned.settings),
        "affects": effect,
        "dates": [
            {
                "person": one.person,
                "day": one.day,
                "step": one.number,
                "from": _utc(one.before),
                "to": _utc(one.after),
                "zone": one.zone,
            }
            for one in planned.dates
        ],
    }


def _utc(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z" if instant else None


def _lines(planned: FilePlan) -> Iterator[str]:
    if planned.nothing:
        yield f"{planned.campaign}: nothing would change."
        return
    yield planned.campaign if planned.exists else f"{planned.campaign} would be a new campaign."
    for step in planned.steps:
        yield f"  {step.what}: day {step.day}, step {step.number} ({step.kind}) {step.title}"
    if planned.settings:
        yield f"  settings: {', '.join(planned.settings)}"
    if planned.waiting:
        yield "  Edits that are not in force yet would be replaced."
    if planned.exists:
        yield from effect_sentences(planned.effect)
    yield from _dates(planned)
    if not planned.allowed:
        yield "You may not apply it: teammates have people under way. Ask the owner or an administrator."


def _dates(planned: FilePlan) -> Iterator[str]:
    for one in planned.dates[:SHOWN]:
        before = when_words(one.before, one.zone) if one.before else "not at all"
        after = when_words(one.after, one.zone) if one.after else "skipped"
        yield f"  {one.person}, day {one.day}, step {one.number}: {before} → {after} ({one.zone})"
    if len(planned.dates) > SHOWN:
        yield f"  … and {len(planned.dates) - SHOWN:,} more; --json prints all."


def _agreed(planned: FilePlan) -> bool:
    """Ask with the number; no is the end of the command."""
    people = count_words(planned.effect.people, "person", "people")
    return click.confirm(f"Put it into force for {people} under way?", abort=True)
