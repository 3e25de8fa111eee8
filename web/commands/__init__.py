"""Every group of commands, one file a group, one line here."""

from flask import Flask

from web.commands import campaign, db, launching, mail, people, rehearsing, users

campaign.group.add_command(launching.command)
campaign.group.add_command(rehearsing.command)
GROUPS = [campaign.group, db.group, mail.group, people.group, users.group]


def install(app: Flask) -> None:
    for group in GROUPS:
        app.cli.add_command(group)
