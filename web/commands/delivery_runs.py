"""flask delivery: what runs on a schedule. Series, continuous deliveries, and the runs of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.deliveries.continuous import choosing, releasing
from sales_campaigns.deliveries.continuous.reading import increments_of, intake_of
from sales_campaigns.deliveries.incremental import CEILING, Incremental, Mode, PersonDate
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.deliveries.runs import Aggregation
from sales_campaigns.deliveries.series import runs_of, start_series
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.delivery import LOCAL, tell, whose
from web.commands.running import command_work, json_option, out
from web.request_scope import settings

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RULE = (
    click.option("--every", type=click.Choice([one.value for one in Every]), required=True),
    click.option("--interval", default=1, show_default=True, help="Every so many; minutes at least 15."),
    click.option(
        "--weekday", "weekdays", type=click.Choice(WEEKDAYS), multiple=True, help="Of weeks, months."
    ),
    click.option("--nth", default=0, help="Of months: the 1st to 4th of the weekday, -1 the last."),
    click.option("--cron", default="", help="Five fields, with --every cron: '30 8 * * mon-fri'."),
    click.option("--first", type=LOCAL, required=True, help="First run, in --zone: 2026-12-01T09:00."),
    click.option("--zone", default="", help="The user's zone when left out."),
    click.option("--until", default="", help="Last date: 2027-11-30."),
    click.option("--runs", default=0, help="How many runs; no limit when left out."),
    click.option("--opens", default="", help="A late run does not begin before: 08:00."),
    click.option("--closes", default="", help="A late run does not begin after: 18:00."),
)


def rule_options(command: Callable[..., None]) -> Any:
    """The options of a recurrence, in order."""
    return reduce(lambda made, option: option(made), reversed(RULE), command)


@click.command("repeat")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@rule_options
@click.option("--group-by", type=click.Choice([one.value for one in Aggregation]), default="none")
@click.option("--ask/--no-ask", default=None, help="For a confirmation before each send.")
@json_option
def repeat(
    delivery_id: int, email: str, as_json: bool, group_by: str, ask: bool | None, **typed: Any
) -> None:
    """Make a series of a delivery that is being written: a new delivery at every run."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        rule, by = _recurrence(actor, typed), Aggregation(group_by)
        start_series(uow, actor, delivery_id, rule, aggregation=by, asks=ask)
    _tell_runs(email, delivery_id, as_json)


@click.command("continuous")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@click.option("--mode", type=click.Choice([one.value for one in Mode]), default=Mode.NEW.value)
@click.option("--field", default=PersonDate.UPDATED.value, help="created, updated, consent or custom:NAME.")
@click.option("--since", type=LOCAL, help="With --mode changed: from when on the first run looks.")
@click.option(
    "--ceiling", default=CEILING, show_default=True, help="People of a run before somebody is asked."
)
@rule_options
@json_option
def continuous(delivery_id: int, email: str, as_json: bool, **typed: Any) -> None:
    """Let a delivery take whoever is new, or has changed, at every run. Prepare and confirm it once."""
    since = typed.pop("since")
    query = {name: typed.pop(name) for name in ("field", "ceiling")}
    with command_work() as uow:
        actor, mode = user_by_email(uow, email), Mode(typed.pop("mode"))
        wanted = Incremental(
            mode=mode,
            recurrence=_recurrence(actor, typed),
            since=since.isoformat(timespec="minutes") if since else "",
            **query,
        )
        choosing.choose_incremental(uow, actor, delivery_id, wanted)
    tell(email, delivery_id, as_json)


@click.command("runs")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@json_option
def runs(delivery_id: int, email: str, as_json: bool) -> None:
    """The runs of a series or of a continuous delivery, the newest first."""
    _tell_runs(email, delivery_id, as_json)


@click.command("confirm-run")
@with_appcontext
@click.argument("delivery_id", type=int)
@click.argument("number", type=int)
@whose
@json_option
def confirm_run(delivery_id: int, number: int, email: str, as_json: bool) -> None:
    """Let the people of a run over its ceiling have the mail."""
    with command_work() as uow:
        allowed = settings().bulk_allowed
        releasing.confirm_increment(uow, user_by_email(uow, email), delivery_id, number, reachable=allowed)
    _tell_runs(email, delivery_id, as_json)


@click.command("drop-run")
@with_appcontext
@click.argument("delivery_id", type=int)
@click.argument("number", type=int)
@whose
@json_option
def drop_run(delivery_id: int, number: int, email: str, as_json: bool) -> None:
    """Nobody of a run that waits gets the mail."""
    with command_work() as uow:
        releasing.drop_increment(uow, user_by_email(uow, email), delivery_id, number)
    _tell_runs(email, delivery_id, as_json)


@click.command("reset-history")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@click.option("--yes", is_flag=True, help="Do it; without it, only what would happen is told.")
@json_option
def reset_history(delivery_id: int, email: str, yes: bool, as_json: bool) -> None:
    """Let the next run of a continuous delivery take people again who were taken."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        found = choosing.reset_of(uow, delivery_of(uow.session, actor, delivery_id))
        if yes:
            choosing.reset_history(uow, actor, delivery_id)
    said = "" if yes else " Give --yes to do it."
    words = f"{found.taken:,} people were taken; the next run takes {found.again:,} again.{said}"
    out({"taken": found.taken, "again": found.again, "reset": yes}, as_json, words)


def _recurrence(actor: User, typed: dict[str, Any]) -> Recurrence:
    told = {
        **typed,
        "every": Every(typed["every"]),
        "first": typed["first"].isoformat(timespec="minutes"),
        "zone": typed["zone"] or actor.zone,
        "weekdays": tuple(sorted(WEEKDAYS.index(day) for day in typed["weekdays"])),
    }
    return Recurrence(**told)


def _tell_runs(email: str, delivery_id: int, as_json: bool) -> None:
    with command_work() as uow:
        delivery = delivery_of(uow.session, user_by_email(uow, email), delivery_id)
        coming, made = _runs(uow, delivery)
    lines = [f"{run['due_at']} {run['outcome']} {run['state'] or run['words']}".rstrip() for run in made]
    out({"id": delivery_id, "next": coming, "runs": made}, as_json, "\n".join([f"Next: {coming}", *lines]))


def _runs(uow: UnitOfWork, delivery: Delivery) -> tuple[str | None, list[dict[str, Any]]]:
    """When the next one is, and those that were, the newest first."""
    if delivery.kind is DeliveryKind.CONTINUOUS:
        intake = intake_of(uow.session, delivery)
        return _iso(intake.run_at if intake else None), [
            {
                "number": one.number,
                "due_at": _iso(one.due_at),
                "outcome": one.state.value,
                "targeted": one.targeted,
                "to_deliver": one.to_deliver,
                "state": f"{one.to_deliver:,} of {one.targeted:,}",
                "words": one.words,
            }
            for one in increments_of(uow.session, delivery)
        ]
    return _iso(delivery.next_at), [
        {
            "due_at": _iso(line.run.due_at),
            "outcome": line.run.outcome.value,
            "delivery": line.run.child_id,
            "state": line.child.state.value if line.child else None,
            "words": line.run.words,
        }
        for line in runs_of(uow.session, delivery.id)
    ]


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


COMMANDS = (repeat, continuous, runs, confirm_run, drop_run, reset_history)
