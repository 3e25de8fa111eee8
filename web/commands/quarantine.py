"""flask quarantine: addresses that mail came back from, and their release, with an administrator's rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.enrollments.answers.opting_out import block_address
from sales_campaigns.people import quarantine
from sales_campaigns.people.quarantine import Listed, Wanted
from web.commands.running import CommandGroup, command_work, json_option, out
from web.filters import count_words

group = CommandGroup("quarantine", help="Addresses that mail came back from.")
ACTING = click.option("--user", "email", required=True, help="The administrator who does it.")
TEXT = click.option("--text", default="", help="Only with these words in the error or the address.")
DOMAIN = click.option("--domain", default="", help="Only at this domain and below it.")
DAY = click.DateTime(["%Y-%m-%d"])
SINCE = click.option("--since", type=DAY, help="Only those of this day and later, UTC: 2026-12-01.")
UNTIL = click.option("--until", type=DAY, help="Only those of this day and earlier.")


def _wanted(text: str, domain: str, since: datetime | None, until: datetime | None) -> Wanted:
    first, last = (day.replace(tzinfo=UTC) if day else None for day in (since, until))
    return Wanted(text, domain, first, last + timedelta(days=1) if last else None)


@group.command("list")
@ACTING
@TEXT
@DOMAIN
@SINCE
@UNTIL
@click.option("--limit", default=100, show_default=True)
@json_option
def list_(
    email: str,
    text: str,
    domain: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """The newest first: address, since when, and what the server said."""
    with command_work() as uow:
        require(user_by_email(uow, email), "manage_installation")
        wanted = _wanted(text, domain, since, until)
        rows = quarantine.listed(uow.session, Listed.QUARANTINE, wanted, limit)
        data = [{"email": one.email, "since": one.quarantined_at, "words": one.trouble} for one in rows]
    out(data, as_json)


@group.command("release")
@ACTING
@TEXT
@DOMAIN
@SINCE
@UNTIL
@click.option(
    "--all", "number", type=int, required=True, help="How many you expect; another number is refused."
)
@json_option
def release(
    email: str,
    text: str,
    domain: str,
    since: datetime | None,
    until: datetime | None,
    number: int,
    as_json: bool,
) -> None:
    """Let mail go to all that are found again."""
    with command_work() as uow:
        wanted = _wanted(text, domain, since, until)
        ids = quarantine.release_all(uow, user_by_email(uow, email), wanted, number)
    out({"released": len(ids)}, as_json, f"Released: {len(ids):,}.")


@group.command("block")
@click.argument("address")
@ACTING
@json_option
def block(address: str, email: str, as_json: bool) -> None:
    """No more mail to ADDRESS, and every campaign ends for whoever has it."""
    with command_work() as uow:
        blocked, ended = block_address(uow, user_by_email(uow, email), address)
        data = {"email": blocked.email, "ended": ended}
    out(data, as_json, f"{data['email']} is blocked; {count_words(ended, 'campaign')} ended for it.")
