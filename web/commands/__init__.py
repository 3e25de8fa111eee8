"""Every group of commands, one file a group, one line here."""

from flask import Flask

from web.commands import (
    campaign,
    campaign_changes,
    db,
    delivery,
    delivery_runs,
    instance,
    launching,
    leave,
    mail,
    people,
    quarantine,
    rehearsing,
    users,
    why,
)

for command in (launching.command, rehearsing.command, campaign_changes.plan, campaign_changes.apply):
    campaign.group.add_command(command)
for command in delivery_runs.COMMANDS:
    delivery.group.add_command(command)
GROUPS = [
    campaign.group,
    db.group,
    delivery.group,
    instance.group,
    leave.group,
    mail.group,
    people.group,
    quarantine.group,
    users.group,
]


def install(app: Flask) -> None:
    for group in GROUPS:
        app.cli.add_command(group)
    app.cli.add_command(why.command)
