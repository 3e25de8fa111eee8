"""flask leave: enter, list and cancel leave."""

from __future__ import annotations

from datetime import datetime

import click

from sales_campaigns.absence.taking_leave import Absent, cancel_leave, take_leave
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.calendars.leave import leaves_seen
from sales_campaigns.calendars.models import LeaveKind
from web.commands.running import CommandGroup, command_work, json_option, out

group = CommandGroup("leave", help="When users are away.")
DAY = click.DateTime(["%Y-%m-%d"])


@group.command("add")
@click.argument("email")
@click.option("--from", "first", type=DAY, required=True, help="First day, such as 2026-12-21.")
@click.option("--to", "last", type=DAY, required=True, help="Last day.")
@click.option("--how", type=click.Choice([kind.value for kind in LeaveKind]), default=LeaveKind.SHIFT.value)
@click.option("--colleague", default="", help="The address of whoever stands in, for hand_over.")
@click.option("--note", default="")
@json_option
def add(
    email: str, first: datetime, last: datetime, how: str, colleague: str, note: str, as_json: bool
) -> None:
    """Enter a leave of the user with this address."""
    with command_work() as uow:
        user = user_by_email(uow, email)
        who = user_by_email(uow, colleague) if colleague else None
        leave = take_leave(uow, user, Absent(user, first.date(), last.date(), LeaveKind(how), who, note))
        data = {
            "id": leave.id,
            "from": str(leave.first_day),
            "to": str(leave.last_day),
            "how": leave.how.value,
        }
    out(data, as_json, f"Leave {data['id']} of {email} is entered: {data['from']} to {data['to']}.")


@group.command("list")
@click.argument("email")
@json_option
def list_(email: str, as_json: bool) -> None:
    """The leave that the user with this address may see, unless it is over."""
    with command_work() as uow:
        data = [
            {
                "id": line.leave.id,
                "user": line.user.email,
                "from": str(line.leave.first_day),
                "to": str(line.leave.last_day),
                "how": line.leave.how.value,
                "state": line.leave.state.value,
            }
            for line in leaves_seen(uow.session, user_by_email(uow, email), uow.now)
        ]
    out(data, as_json)


@group.command("cancel")
@click.argument("leave_id", type=int)
@click.option("--user", "email", required=True, help="Whose leave it is, or an administrator.")
@json_option
def cancel(leave_id: int, email: str, as_json: bool) -> None:
    """Cancel a leave, or end it now."""
    with command_work() as uow:
        cancel_leave(uow, user_by_email(uow, email), leave_id)
    out({"id": leave_id, "state": "cancelled"}, as_json, f"Leave {leave_id} is cancelled.")
