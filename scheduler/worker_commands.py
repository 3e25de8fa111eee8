"""flask worker run."""

from __future__ import annotations

import signal
import threading

import click

from sales_campaigns.errors import Refusal
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.settings import Settings
from scheduler.worker import run_worker


def group(settings: Settings, room: PostRoom) -> click.Group:
    """The commands of this installation's workers."""

    @click.group("worker", help="The processes that send where the scheduler hands work out.")
    def worker() -> None: ...

    @worker.command("run")
    @click.option(
        "--concurrency",
        type=click.IntRange(1, 500),
        default=8,
        show_default=True,
        help="Mailboxes at a time.",
    )
    def run(concurrency: int) -> None:
        """Work until stopped; then finish what is being handed over and give the rest back."""
        ending = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: ending.set())
        try:
            run_worker(settings, room, concurrency, ending)
        except Refusal as error:
            click.echo(f"Error: {error.words}", err=True)
            raise SystemExit(1) from None

    return worker
