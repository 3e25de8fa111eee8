"""What ends a step: a task completed or skipped, a message that left or never will. Then the next step follows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.ending import end_after_bounce, end_for_person
from sales_campaigns.enrollments.lateness import act_on_late
from sales_campaigns.enrollments.mending import mend
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.scheduling import go_on, one_at_a_time
from sales_campaigns.enrollments.states import STEP_RUN, WAITING
from sales_campaigns.messages.gate import about as about_message
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.tasks.working import about as about_task
from sales_campaigns.tasks.working import finish_task
from sales_campaigns.unit_of_work import UnitOfWork

MENDABLE = {"field_missing", "cannot_be_made", "message_refused"}
ENDS_EVERYTHING = {"opted_out", "complained", "blocked", "blocked_domain", "deleted"}


def complete_task(
    uow: UnitOfWork, actor: User, task: Task, *, outcome: str = "", note: str = "", undo_seconds: int = 10
) -> None:
    """Done. A campaign's next step follows, and is not handed over before the time for undoing is over.

    Completing what is completed already changes nothing: two tabs are one completion.
    """
    _end_task(uow, actor, task, "complete", outcome=outcome, note=note, undo_seconds=undo_seconds)


def skip_task(uow: UnitOfWork, actor: User, task: Task, *, note: str = "", undo_seconds: int = 10) -> None:
    """Left out for this person; the next step follows."""
    _end_task(uow, actor, task, "skip", note=note, undo_seconds=undo_seconds)


def messages_ended(uow: UnitOfWork, message_ids: Iterable[int]) -> None:
    """React to messages that left, failed, were cancelled or expired: end their steps and go on."""
    ids = list(message_ids)
    mine = sa.select(Message.enrollment_id).where(Message.id.in_(ids), Message.enrollment_id.is_not(None))
    one_at_a_time(uow, uow.session.scalars(mine))
    runs = uow.session.execute(
        sa.select(StepRun, Message)
        .join(Message, Message.id == StepRun.message_id)
        .where(Message.id.in_(ids), StepRun.state.in_(WAITING))
    ).all()
    going_on = [run.enrollment_id for run, message in runs if _step_over(uow, run, message)]
    go_on(uow, going_on)


def _end_task(
    uow: UnitOfWork,
    actor: User,
    task: Task,
    event: str,
    *,
    undo_seconds: int,
    outcome: str = "",
    note: str = "",
) -> None:
    undo_until = uow.now + uow.people_seconds(undo_seconds)
    if not finish_task(uow, actor, task, event, undo_until=undo_until, outcome=outcome, note=note):
        return
    run = _run_of(uow, task)
    if run is None:
        return
    uow.move(
        STEP_RUN, run, "finish" if event == "complete" else "skip", about=about_task(task), over_at=uow.now
    )
    go_on(uow, [run.enrollment_id], release_at=undo_until)


def _run_of(uow: UnitOfWork, task: Task) -> StepRun | None:
    if task.step_run_id is None:
        return None
    run = uow.session.get(StepRun, task.step_run_id)
    return run if run is not None and run.state in WAITING else None


def _step_over(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    """End the run as its message ended; whether the enrollment goes on to its next step."""
    if message.state in LEFT:
        assert message.sent_at is not None
        _complete_mail_task(uow, run, message.sent_at)
        _end_run(uow, run, message, "finish", over_at=message.sent_at, sent_at=message.sent_at)
        return True
    if message.reason in MENDABLE:
        mend(uow, run, message)
        return False
    if message.reason == "late":
        return act_on_late(uow, run, message)
    _end_run(uow, run, message, "fail", over_at=uow.now, why=message.words[:200])
    if message.reason in ENDS_EVERYTHING:
        end_for_person(uow, message.person_id, message.words)
        return False
    if message.state is MessageState.FAILED and message.reason == "unknown_recipient":
        return not end_after_bounce(uow, run)
    return True


def _end_run(
    uow: UnitOfWork,
    run: StepRun,
    message: Message,
    event: str,
    *,
    over_at: datetime,
    sent_at: datetime | None = None,
    why: str = "",
) -> None:
    uow.move(STEP_RUN, run, event, about=about_message(message), over_at=over_at, sent_at=sent_at, why=why)


def _complete_mail_task(uow: UnitOfWork, run: StepRun, sent_at: datetime) -> None:
    """An e-mail task is done when its mail really left."""
    task = uow.session.get(Task, run.task_id) if run.task_id else None
    if task is not None and task.state is TaskState.OPEN:
        sender = uow.session.get_one(User, task.assignee_id)
        finish_task(uow, sender, task, "complete", undo_until=sent_at)
