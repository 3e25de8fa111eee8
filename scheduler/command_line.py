"""What this house adds to the command line: flask scheduler, flask worker, flask demo."""

from __future__ import annotations

import click
from sqlalchemy.engine import Engine

from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from scheduler import commands, demo_week, worker_commands


def commands_of(
    settings: Settings,
    room: PostRoom,
    engine: Engine,
    rehearse: Rehearse,
    catching: demo_week.Catching | None,
) -> list[click.Command]:
    """`catching` is there in a demo only."""
    return [
        commands.group(settings, room, rehearse),
        worker_commands.group(settings, room),
        demo_week.command(room, engine, catching),
    ]
