"""flask demo: make the demo company, and let its first week really happen on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import click
from sqlalchemy.engine import Engine

from sales_campaigns import demo, migrating
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.errors import Refusal
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.presence import leave
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.fast_forward import fast_forward

# Catches the mail of the demo while the block lasts, and says on which port.
Catching = Callable[[], AbstractContextManager[int]]


def command(room: PostRoom, engine: Engine, catching: Catching | None) -> click.Command:
    """`catching` is there in a demo only."""

    @click.command("demo")
    def load() -> None:
        """Bring the database up to date and load the demo company, once."""
        if catching is None:
            click.echo("Error: set DEMO=1 too: then its mail is caught on this machine.", err=True)
            raise SystemExit(1)
        migrating.upgrade(engine)
        if demo.is_loaded(room.sessions):
            click.echo("The demo company is there already; its data is kept.")
            return
        try:
            with catching() as port:
                load_demo(room, port)
        except Refusal as error:
            click.echo(f"Error: {error.words}", err=True)
            raise SystemExit(1) from None
        click.echo("The demo company is ready: 200 people, three campaigns, a week of history.")

    return load


def load_demo(room: PostRoom, port: int) -> None:
    """Found the company a week ago and live through the week; mails go to the catcher at `port`."""
    now = machine_now().replace(second=0, microsecond=0)
    clock = VirtualClock(demo.begins(now))
    past = replace(room, clock=clock)
    with unit_of_work(past.sessions, clock) as uow:
        demo.found_company(uow, port)
    demo.live_through(past.sessions, clock, now, lambda until: fast_forward(past, clock, until))
    with unit_of_work(past.sessions, clock) as uow:
        leave(uow.session)
