"""flask schedule: the named schedules of a team."""

from __future__ import annotations

import click

from sales_campaigns.absence.keeping_schedules import TypedSchedule, add_schedule, drop_schedule
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.calendars.schedules import schedules_seen
from sales_campaigns.errors import NotFound
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("schedule", help="Named schedules that campaigns pick.")
ACTING = click.option("--user", "email", required=True, help="Who asks, or the administrator who changes it.")


@group.command("list")
@ACTING
@json_option
def list_(email: str, as_json: bool) -> None:
    """Name, days (1 is Monday), hours, zone and place of each."""
    with command_work() as uow:
        data = [_told(row) for row in schedules_seen(uow.session, user_by_email(uow, email))]
    out(data, as_json)


@group.command("add")
@click.argument("name")
@ACTING
@click.option("--days", default="12345", show_default=True, help="Days that count; 1 is Monday.")
@click.option("--opens", default="", help="From when e-mails leave: 09:00.")
@click.option("--closes", default="", help="Until when: 17:00.")
@click.option("--zone", default="", help="Whose clock it is, such as Europe/Stockholm.")
@click.option("--place", default="", help="Whose holidays: SE.")
@json_option
def add(
    name: str, email: str, days: str, opens: str, closes: str, zone: str, place: str, as_json: bool
) -> None:
    """Make a schedule of the administrator's team."""
    typed = TypedSchedule(name, tuple(days), zone, place, opens, closes)
    with command_work() as uow:
        data = _told(add_schedule(uow, user_by_email(uow, email), typed))
    out(data, as_json, f"“{data['name']}” can be picked now.")


@group.command("drop")
@click.argument("name")
@ACTING
@json_option
def drop(name: str, email: str, as_json: bool) -> None:
    """Delete a schedule that nothing uses."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        found = [row.id for row in schedules_seen(uow.session, actor) if row.name == name]
        if not found:
            raise NotFound(f"There is no schedule called “{name}”.")
        drop_schedule(uow, actor, found[0])
    out({"name": name, "dropped": True}, as_json, f"“{name}” is gone.")


def _told(row: Schedule) -> dict[str, str]:
    opens, closes = (f"{at:%H:%M}" if at else "" for at in (row.opens, row.closes))
    return {
        "name": row.name,
        "days": row.days,
        "opens": opens,
        "closes": closes,
        "zone": row.zone,
        "place": row.place,
    }
