"""A task that nobody did within its days is skipped by itself, where its step says so (`skip_after`)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.enrollments.opening import on_the_way
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.lifecycle import move_many
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import about
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
WHY = "nobody did it in time"


def skip_due(uow: UnitOfWork) -> int:
    """Skip up to a batch of tasks whose days are over; the next steps follow. How many there were."""
    due = uow.session.execute(
        sa.select(StepRun.id, StepRun.skip_at)
        .where(StepRun.state == StepRunState.TASK_OPEN, StepRun.skip_at <= uow.now, on_the_way())
        .order_by(StepRun.skip_at, StepRun.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if not due:
        return 0
    ids = [row.id for row in due]
    # Over when its days were over, not when we looked: an outage must not cost the person a day.
    moved = move_many(
        uow.session, STEP_RUN, StepRun, "skip", StepRun.id.in_(ids), over_at=StepRun.skip_at, why=WHY
    )
    _skip_tasks(uow, moved)
    go_on(uow, uow.session.scalars(sa.select(StepRun.enrollment_id).where(StepRun.id.in_(moved))))
    return len(ids)


def next_skip(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some open task is skipped."""
    return session.scalar(
        sa.select(sa.func.min(StepRun.skip_at)).where(
            StepRun.state == StepRunState.TASK_OPEN, StepRun.skip_at > after, on_the_way()
        )
    )


def _skip_tasks(uow: UnitOfWork, run_ids: list[int]) -> None:
    """The tasks end with their step runs, each with its line in the history."""
    skipped = move_many(
        uow.session, TASK, Task, "skip", Task.step_run_id.in_(run_ids), ended_at=uow.now, note=WHY
    )
    uow.session.expire_all()
    for task in uow.session.scalars(sa.select(Task).where(Task.id.in_(skipped))):
        uow.record("task.skipped", **about(task), data={"name": task.name, "words": WHY})
