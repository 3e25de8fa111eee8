"""flask scheduler run | once | status."""

from __future__ import annotations

import json
import signal
import threading
from datetime import datetime
from typing import Any

import click

from sales_campaigns.checkups.promises import broken_promises
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.explaining.health import Queue, health_of
from sales_campaigns.errors import Refusal
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.invariants import Finding
from sales_campaigns.migrating import require_schema
from sales_campaigns.presence import Presence
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import unit_of_work
from scheduler import worker_commands
from scheduler.jobs import JOBS, run_until_quiet
from scheduler.runner import running


def groups(settings: Settings, room: PostRoom, rehearse: Rehearse | None = None) -> tuple[click.Group, ...]:
    """Every command of the processes that keep time and send."""
    return group(settings, room, rehearse), worker_commands.group(settings, room)


def group(settings: Settings, room: PostRoom, rehearse: Rehearse | None = None) -> click.Group:
    """The commands of this installation's scheduler."""

    @click.group("scheduler", help="The process that keeps time and sends.")
    def scheduler() -> None: ...

    @scheduler.command("run")
    def run() -> None:
        """Send and open tasks until stopped."""
        ended = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: ended.set())
        try:
            with room.reads() as session:
                require_schema(session.connection())
            with running(settings, room, rehearse):
                click.echo("The scheduler is running. Stop it with Ctrl-C.")
                ended.wait()
        except Refusal as error:
            click.echo(f"Error: {error.words}", err=True)
            raise SystemExit(1) from None

    @scheduler.command("once")
    @click.option("--json", "as_json", is_flag=True)
    def once(as_json: bool) -> None:
        """Do all work that is due now, then end."""
        done = run_until_quiet(room, JOBS)
        click.echo(json.dumps({"done": done}) if as_json else f"Done: {done}.")

    @scheduler.command("status")
    @click.option("--json", "as_json", is_flag=True)
    def status(as_json: bool) -> None:
        """Which processes are there, and what waits for them."""
        data = status_of(room)
        click.echo(json.dumps(data) if as_json else _words(data))

    return scheduler


def status_of(room: PostRoom) -> dict[str, Any]:
    """Processes with the seconds since their last sign of life, how late work is, each mailbox's queue, and what must
    never be.
    """
    with unit_of_work(room.reads, room.clock) as uow:
        health = health_of(uow.session, uow.now, uow.speed)
        return {
            "processes": [_process(one, machine_now()) for one in health.processes],
            "lag_seconds": {name: round(lag.total_seconds()) for name, lag in health.lags.items()},
            "reactions": health.reactions,
            "uncertain": health.uncertain,
            "retrying": health.retrying,
            "mailboxes": [_queue(queue) for queue in health.queues],
            "broken_promises": [_finding(one) for one in broken_promises(uow.session)],
            "mailboxes_with_due_mail": mailboxes_with_due_mail(uow.session, uow.now),
        }


def _process(one: Presence, now: datetime) -> dict[str, Any]:
    silent = round((now - one.beat_at).total_seconds())
    return {"name": one.name, "kind": one.kind, "alive": one.alive, "silent_seconds": silent}


def _finding(one: Finding) -> dict[str, Any]:
    words = f"{one.count} {one.what[one.count != 1]} {one.words}"
    return {"name": one.name, "count": one.count, "words": words, "fix": one.fix}


def _queue(queue: Queue) -> dict[str, Any]:
    numbers = {name: getattr(queue, name) for name in NUMBERS}
    waits = [
        {"count": group.count, "reason": group.trace.sentence, "broken": group.broken}
        for group in queue.groups
    ]
    return {"mailbox": queue.mailbox.address, **numbers, "waits": waits}


def _words(data: dict[str, Any]) -> str:
    lines = [
        f"{one['kind']:12} {one['name']:40} {'alive' if one['alive'] else 'silent'} {one['silent_seconds']} s"
        for one in data["processes"]
    ] or ["No scheduler is running. Start one with: flask scheduler run"]
    lines += [f"This must never be: {one['words']}. {one['fix']}" for one in data["broken_promises"]]
    late = ", ".join(f"{name} {seconds} s" for name, seconds in data["lag_seconds"].items())
    lines += [f"Late: {late}. Uncertain: {data['uncertain']}. Tried again: {data['retrying']}."]
    for box in data["mailboxes"]:
        numbers = ", ".join(f"{box[name]} {words}" for name, words in NUMBERS.items() if box[name])
        lines.append(f"{box['mailbox']}: {numbers or 'nothing to send'}")
        lines += [f"  {one['count']}: {one['reason']}" for one in box["waits"]]
    return "\n".join([*lines, f"Mailboxes with due mail: {len(data['mailboxes_with_due_mail'])}"])


NUMBERS = {
    "ahead": "ahead",
    "due": "due",
    "in_flight": "leaving",
    "retrying": "tried again",
    "uncertain": "unknown",
}
