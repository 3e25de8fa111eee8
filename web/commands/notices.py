"""flask notice: what a user is told."""

from __future__ import annotations

from typing import Any

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.notices.models import Notice
from sales_campaigns.notices.reading import newest_notices, see_all
from web.commands.running import CommandGroup, command_work, json_option, out
from web.filters import count_words

group = CommandGroup("notice", help="What users are told while they look elsewhere.")
WHOSE = click.option("--user", "email", required=True, help="Whose notices.")


@group.command("list")
@WHOSE
@click.option("--limit", default=50, type=click.IntRange(1, 1_000), help="At most so many.")
@json_option
def list_(email: str, limit: int, as_json: bool) -> None:
    """The newest first; new ones are marked."""
    with command_work() as uow:
        found = newest_notices(uow.session, user_by_email(uow, email), limit)
        data = [_told(one) for one in found]
    lines = [f"{'' if one['seen'] else '* '}{one['at'][:16]}  {one['words']}" for one in data]
    out(data, as_json, "\n".join(lines) or "There is no notice yet.")


@group.command("seen")
@WHOSE
@json_option
def seen(email: str, as_json: bool) -> None:
    """Mark all of them as seen."""
    with command_work() as uow:
        user = user_by_email(uow, email)
        newest = newest_notices(uow.session, user, 1)
        number = see_all(uow, user, newest[0].id) if newest else 0
    out({"seen": number}, as_json, f"{count_words(number, 'notice')} seen.")


def _told(one: Notice) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "at": one.at.isoformat(),
        "words": one.words,
        "seen": one.seen_at is not None,
    }
