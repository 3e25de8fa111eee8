"""The reps of a rehearsal: they do each task when a simulation assumes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.planner import Assumptions, done_at
from sales_campaigns.enrollments.composing import open_composer, send_for_task
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.progress import complete_tasks
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import tasks_of
from sales_campaigns.unit_of_work import UnitOfWork

Work = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(frozen=True)
class Reps:
    """Everybody's open tasks, done by `rep`: at 09:00 where the person is, `delay_days` counted days late."""

    work: Work
    reads: Work
    rep: User
    delay_days: int = 0
    undo_seconds: int = 0

    def next_act(self, _after: datetime) -> datetime | None:
        """When the next task is done."""
        with self.reads() as uow:
            return min((done for _, done in self._to_do(uow)), default=None)

    def act(self) -> int:
        """Do what is due now; how many tasks that were."""
        with self.reads() as uow:
            due = [task.id for task, done in self._to_do(uow) if done <= uow.now]
        if due:
            with self.work() as uow:
                self._do(uow, due)
        return len(due)

    def _to_do(self, uow: UnitOfWork) -> list[tuple[Task, datetime]]:
        """Open tasks whose mail is not on its way, with the instant at which each is done.

        One that is skipped by itself by then is left to that.
        """
        rows = uow.session.execute(
            sa.select(Task, StepRun)
            .join(StepRun, StepRun.id == Task.step_run_id)
            .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
            .where(Task.state == TaskState.OPEN, Task.message_id.is_(None))
            .where(Enrollment.state == EnrollmentState.ACTIVE)
            .order_by(StepRun.due_at, Enrollment.email, StepRun.id)
        ).all()
        if not rows:
            return []
        ways = {
            way.enrollment.id: way for way in ways_of(uow.session, [run.enrollment_id for _, run in rows])
        }
        assume = Assumptions(self.delay_days)
        to_do = []
        for task, run in rows:
            way = ways[run.enrollment_id]
            position = next(step.position for step in way.steps if step.key == run.step_key)
            done = done_at(way.outline, way.start, position, run.due_at, assume)
            if run.skip_at is None or done < run.skip_at:
                to_do.append((task, done))
        return to_do

    def _do(self, uow: UnitOfWork, task_ids: list[int]) -> None:
        """An e-mail task is done by sending its mail, in the words that the composer opens with."""
        tasks = {task.id: task for task in tasks_of(uow, self.rep, task_ids)}
        mails = [tasks[id] for id in task_ids if tasks[id].kind is TaskKind.EMAIL]
        others = [tasks[id] for id in task_ids if tasks[id].kind is not TaskKind.EMAIL]
        for task in mails:
            person = uow.session.get_one(Person, task.person_id)
            words = open_composer(uow.session, self.rep, task, person).words
            send_for_task(uow, self.rep, task, person, Typed(words.subject, words.html))
        complete_tasks(uow, self.rep, others, undo_seconds=self.undo_seconds)
