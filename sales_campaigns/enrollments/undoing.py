"""Undo a completion within its time: what it released is taken back with it, or nothing is undone."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN, WAITING
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import about, reopen
from sales_campaigns.unit_of_work import UnitOfWork

UNDONE = "the completion before it was undone"


def undo_task(uow: UnitOfWork, actor: User, task: Task) -> None:
    """Open the task again. Raises IllegalMove when its time is over or what followed has left already."""
    reopen(uow, actor, task)
    run = uow.session.get(StepRun, task.step_run_id) if task.step_run_id else None
    if run is None:
        return
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    _take_back_what_followed(uow, run)
    uow.move(STEP_RUN, run, "reopen", about=about(task), over_at=None, sent_at=None)
    if enrollment.state is EnrollmentState.FINISHED:
        uow.move(ENROLLMENT, enrollment, "go_on", about=about(task), ended_at=None)


def _take_back_what_followed(uow: UnitOfWork, run: StepRun) -> None:
    later = uow.session.scalars(
        sa.select(StepRun).where(
            StepRun.enrollment_id == run.enrollment_id, StepRun.id > run.id, StepRun.state != "cancelled"
        )
    ).all()
    if any(one.state not in WAITING for one in later):
        raise IllegalMove("It is too late to undo: the next step is over already.")
    messages = [one.message_id for one in later if one.message_id]
    if len(cancel_many(uow, UNDONE, Message.id.in_(messages))) != len(messages):
        raise IllegalMove("It is too late to undo: the next mail has left.")
    move_many(
        uow.session,
        TASK,
        Task,
        "cancel",
        Task.id.in_([one.task_id for one in later if one.task_id]),
        ended_at=uow.now,
    )
    move_many(uow.session, STEP_RUN, StepRun, "cancel", StepRun.id.in_([o.id for o in later]), why=UNDONE)
