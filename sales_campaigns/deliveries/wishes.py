"""What somebody asks of a delivery, whole: from the page or the command line, checked before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl as parameters_in

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings
from sales_campaigns.deliveries.listing import mailboxes_for
from sales_campaigns.deliveries.typology.controls import content_problems, schedule_problem
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.groups import group_of
from sales_campaigns.time_zones import zone_names

LONGEST_VALIDITY = 24 * 60  # hours


@dataclass(frozen=True, slots=True)
class Wish:
    """Every input of a delivery. `also_template`: whether the template that its words came from changes with them;
    None where nobody has said.
    """

    name: str
    content: Content
    mailbox_id: int | None
    audience: Audience
    schedule: Schedule = field(default_factory=Schedule)
    settings: Settings = field(default_factory=Settings)
    from_template: str = ""
    also_template: bool | None = None


def check_wish(
    session: Session, actor: User, wish: Wish, now: datetime, before: Schedule | None = None
) -> None:
    """Raises Invalid with every problem beside its field. A date that was chosen `before` may have passed since."""
    problems = {
        **_of_name(wish.name),
        **content_problems(wish.content),
        **_of_audience(session, actor, wish.audience),
        **_of_schedule(wish.schedule, now, before),
        **settings_problems(wish.settings),
    }
    if wish.mailbox_id not in {mailbox.id for mailbox in mailboxes_for(session, actor)}:
        problems["mailbox"] = "Choose the mailbox that it leaves from."
    if not problems.keys() & {"at", "zone", "validity_hours"}:
        late = schedule_problem(wish.schedule, wish.settings, now)
        if late and wish.settings.waves:
            problems["waves"] = late
    if problems:
        raise Invalid(problems)


def _of_name(name: str) -> dict[str, str]:
    fine = 0 < len(name.strip()) <= 200
    return {} if fine else {"name": "Give it a name of 1 to 200 characters."}


def _of_audience(session: Session, actor: User, audience: Audience) -> dict[str, str]:
    if audience.is_nobody:
        return {"audience": "Choose who gets it: everybody, a search, or a group."}
    try:
        for group in audience.groups:
            group_of(session, actor, group)
    except NotFound:
        return {"groups": "One of these groups is not there, or is not yours to see."}
    return {}


def _of_schedule(schedule: Schedule, now: datetime, before: Schedule | None) -> dict[str, str]:
    if schedule.zone not in zone_names():
        return {"zone": f"“{schedule.zone[:80]}” is no time zone. Choose one such as Europe/Stockholm."}
    try:
        start = schedule.instant
    except (ValueError, OverflowError):
        return {"at": "Write a date and a time, such as 2026-12-01 09:00."}
    if start is not None and start < now and schedule != before:
        return {"at": "This date is past: choose a later one, or let it leave as soon as it is confirmed."}
    if schedule.theirs and not schedule.at:
        return {"at": "Choose the date and time that the recipients' clocks should show."}
    return {}


def settings_problems(settings: Settings) -> dict[str, str]:
    """By field."""
    if not all(
        name.startswith("utm_") and value
        for name, value in parameters_in(settings.utm, keep_blank_values=True)
    ):
        return {"utm": "Write parameters such as utm_source=letter&utm_medium=email."}
    if len(settings.utm) > 500:
        return {"utm": "Write at most 500 characters."}
    if not 1 <= settings.validity_hours <= LONGEST_VALIDITY:
        return {"validity_hours": f"Validity is from 1 to {LONGEST_VALIDITY:,} hours."}
    return {}
