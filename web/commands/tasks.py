"""flask task: the queue of a user, and what is done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.tasks.models import Task, TaskKind
from sales_campaigns.tasks.queue import TaskLine, task_lines
from sales_campaigns.tasks.wanted import TO_DO, Group, Wanted
from sales_campaigns.tasks.working import hand_on, snooze, task_of
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import settings

group = CommandGroup("task", help="Tasks: who has to do what, and when.")
WHOSE = click.option("--user", "email", required=True, help="Whose rights it is done with.")
ONE = click.argument("task_id", type=int)
LOCAL = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
NAMED = click.Choice([one.value for one in Group])


@group.command("list")
@WHOSE
@click.option("--of", "of", default="", help="Of this teammate instead of one's own; “all” of the team.")
@click.option("--group", "groups", multiple=True, type=NAMED, help="Those to do now where none is named.")
@click.option("--kind", type=click.Choice([one.value for one in TaskKind]), help="Only these.")
@click.option("--limit", default=50, type=click.IntRange(1, 1_000), help="At most so many.")
@json_option
def list_(email: str, of: str, groups: tuple[str, ...], kind: str | None, limit: int, as_json: bool) -> None:
    """Tasks by when they are due now."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        assignee = None if of == "all" else (user_by_email(uow, of) if of else actor).id
        wanted = Wanted(
            tuple(map(Group, groups)) or TO_DO,
            kind=TaskKind(kind) if kind else None,
            assignee_id=assignee,
        )
        lines, _ = task_lines(uow.session, actor, wanted, uow.now, limit=limit)
        data = [_line(line) for line in lines]
    out(data, as_json, "\n".join(map(_words, data)) or "There is nothing to do.")


@group.command("complete")
@ONE
@WHOSE
@click.option("--outcome", default="", help="What a call came to, such as one of the team's outcomes.")
@click.option("--note", default="")
@json_option
def complete(task_id: int, email: str, outcome: str, note: str, as_json: bool) -> None:
    """It is done; the campaign goes on."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        task = task_of(uow, actor, task_id)
        seconds = settings().undo_seconds
        complete_task(uow, actor, task, outcome=outcome, note=note, undo_seconds=seconds)
        data = _told(task)
    out(data, as_json, f"Done: {data['name']}.")


@group.command("skip")
@ONE
@WHOSE
@click.option("--note", default="")
@json_option
def skip(task_id: int, email: str, note: str, as_json: bool) -> None:
    """Leave it out; the campaign goes on without it."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        task = task_of(uow, actor, task_id)
        skip_task(uow, actor, task, note=note, undo_seconds=settings().undo_seconds)
        data = _told(task)
    out(data, as_json, f"Skipped: {data['name']}.")


@group.command("snooze")
@ONE
@click.argument("until", type=LOCAL)
@WHOSE
@json_option
def snooze_(task_id: int, until: datetime, email: str, as_json: bool) -> None:
    """Give it a new due date: UNTIL is a local time of whoever has it."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        task = task_of(uow, actor, task_id)
        snooze(uow, actor, task, until.replace(tzinfo=ZoneInfo(actor.zone)))
        data = _told(task)
    out(data, as_json, f"Snoozed until {until:%a %Y-%m-%d %H:%M}: {data['name']}.")


@group.command("assign")
@ONE
@click.argument("teammate")
@WHOSE
@json_option
def assign(task_id: int, teammate: str, email: str, as_json: bool) -> None:
    """Give it to TEAMMATE, by address."""
    with command_work() as uow:
        actor, to = user_by_email(uow, email), user_by_email(uow, teammate)
        task = task_of(uow, actor, task_id)
        hand_on(uow, actor, task, to)
        data = {**_told(task), "assignee": to.email}
    out(data, as_json, f"{data['name']} is for {data['assignee']} now.")


def _line(line: TaskLine) -> dict[str, Any]:
    person = line.person
    return {
        **_told(line.task),
        "group": line.group.value,
        "due": line.moment.isoformat(),
        "assignee": line.assignee.email,
        "person": person.name if person is not None else "",
    }


def _told(task: Task) -> dict[str, Any]:
    return {"id": task.id, "kind": task.kind.value, "name": task.name, "state": task.state.value}


def _words(one: dict[str, Any]) -> str:
    about = f"  {one['person']}" if one["person"] else ""
    return f"{one['id']}  {one['group']}  {one['due'][:16]}  {one['kind']}  {one['name']}{about}"
