"""How a story is told: people are added, time passes, reps do their tasks, and a server takes the mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.audience import own_zone
from sales_campaigns.campaigns.file import CampaignFile
from sales_campaigns.campaigns.filing import import_campaign
from sales_campaigns.campaigns.simulating import simulate
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.composing import open_composer, send_for_task
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from scheduler.rehearsing import reps_of
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


@dataclass
class Story:
    """The cast and its world: a database, a clock that stands still, an SMTP server."""

    work: Work
    room: PostRoom
    clock: VirtualClock
    sink: Sink
    cast: Cast

    @property
    def now(self) -> datetime:
        return self.clock.now()


def at(local: str, zone: str = "Europe/Stockholm") -> datetime:
    """The instant at which the clocks of the zone show this."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def file_campaign(story: Story, file: CampaignFile) -> int:
    """Ana imports the file; the campaign's id."""
    with story.work() as uow:
        return import_campaign(uow, story.cast.ana, file).campaign.id


def people_of(story: Story, rows: Iterable[Mapping[str, str]]) -> list[int]:
    """Ana's people, from rows as `simulate` reads them; their ids."""
    with story.work() as uow:
        return [_person(uow, story.cast.ana, row).id for row in rows]


def _person(uow: UnitOfWork, owner: User, row: Mapping[str, str]) -> Person:
    names = {"first_name": row.get("first_name", "Maria"), "phone": row.get("phone", "")}
    names["company"] = row.get("company", "Fjord Energy")
    return a_person(uow, owner, row.get("email", ""), zone=own_zone(row), **names)


def simulated(
    story: Story, file: CampaignFile, rows: Sequence[Mapping[str, str]], **more: Any
) -> dict[str, Any]:
    """What simulate says of a start now, in Ana's zone."""
    zone = story.cast.ana.zone
    start = story.now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return simulate(file, rows, start=start, zone=zone, **more)


def let_pass(story: Story, **span: float) -> None:
    """Time passes and nobody touches a task."""
    fast_forward(story.room, story.clock, story.now + timedelta(**span))


def let_happen(story: Story) -> None:
    """All work that is due now is done."""
    run_until_quiet(story.room)


def jump(story: Story, instant: datetime) -> None:
    """The scheduler is down until then: time passes, nothing happens."""
    story.clock.move_to(instant)


def work_through(story: Story, until: datetime, undo_seconds: int = 0, task_delay: int = 0) -> None:
    """Time passes, and reps do each task when simulate assumes it: at 09:00 there, or when it opens if later."""
    reps = reps_of(story.room, story.cast.ana, task_delay, undo_seconds)
    fast_forward(story.room, story.clock, until, [reps])


def open_tasks(story: Story) -> list[Task]:
    with story.work() as uow:
        return list(
            uow.session.scalars(sa.select(Task).where(Task.state == TaskState.OPEN).order_by(Task.id))
        )


def finish(story: Story, task: Task, undo_seconds: int = 10) -> None:
    """Done, as reps do it: an e-mail task by sending its mail."""
    with story.work() as uow:
        mine = task_of(uow, story.cast.ana, task.id)
        if mine.kind is TaskKind.EMAIL:
            _send(uow, story.cast.ana, mine)
        else:
            complete_task(uow, story.cast.ana, mine, undo_seconds=undo_seconds)


def enrollments(story: Story) -> list[Enrollment]:
    with story.work() as uow:
        return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def _send(uow: UnitOfWork, actor: User, task: Task) -> None:
    """The mail as the composer opens with it."""
    person = uow.session.get_one(Person, task.person_id)
    words = open_composer(uow.session, actor, task, person).words
    send_for_task(uow, actor, task, person, Typed(words.subject, words.html))
