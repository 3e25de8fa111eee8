"""What ends a step: a task completed or skipped, a message that left or never will. Then the next step follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import append_many
from sales_campaigns.enrollments.answers.bouncing import after_hard_bounce
from sales_campaigns.enrollments.ending import end_for_person
from sales_campaigns.enrollments.lateness import act_on_late
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.mending import mend
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.enrollments.states import STEP_RUN, WAITING
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_each, move_many
from sales_campaigns.messages.feedback.reasons import address_is_bad
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import LEFT
from sales_campaigns.messages.telling import about as about_message
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import NO_MAILS, finish_task, finish_tasks
from sales_campaigns.tasks.working import about as about_task
from sales_campaigns.unit_of_work import UnitOfWork

MENDABLE = {"field_missing", "cannot_be_made", "message_refused", "set_aside"}
ENDS_EVERYTHING = {"opted_out", "complained", "blocked", "blocked_domain", "deleted", "erased"}


def complete_task(
    uow: UnitOfWork,
    actor: User,
    task: Task,
    *,
    outcome: str = "",
    reason: str = "",
    note: str = "",
    undo_seconds: int = 10,
) -> None:
    """Done. A campaign's next step follows, and is not handed over before the time for undoing is over.

    Completing what is completed already changes nothing: two tabs are one completion.
    """
    complete_tasks(uow, actor, [task], outcome=outcome, reason=reason, note=note, undo_seconds=undo_seconds)


def complete_tasks(
    uow: UnitOfWork,
    actor: User,
    tasks: Sequence[Task],
    *,
    outcome: str = "",
    reason: str = "",
    note: str = "",
    undo_seconds: int = 10,
) -> None:
    """Several at once: all or none. Raises IllegalMove when the mail of one is on its way and will complete it."""
    if any(task.state is TaskState.OPEN and task.message_id for task in tasks):
        raise IllegalMove("Its mail is on its way: the task is done when it has left. Cancel the mail first.")
    _end_tasks(
        uow, actor, tasks, "complete", outcome=outcome, reason=reason, note=note, undo_seconds=undo_seconds
    )


def skip_task(uow: UnitOfWork, actor: User, task: Task, *, note: str = "", undo_seconds: int = 10) -> None:
    """Left out for this person; the next step follows."""
    skip_tasks(uow, actor, [task], note=note, undo_seconds=undo_seconds)


def skip_tasks(
    uow: UnitOfWork, actor: User, tasks: Sequence[Task], *, note: str = "", undo_seconds: int = 10
) -> None:
    """Several at once: all or none. A mail that waits for its time is cancelled with its task."""
    mails = {task.id: task.message_id for task in tasks if task.state is TaskState.OPEN and task.message_id}
    for task in tasks:
        if task.id in mails:
            recall(uow, task)
    _end_tasks(uow, actor, tasks, "skip", note=note, undo_seconds=undo_seconds, mails=mails)


def recall(uow: UnitOfWork, task: Task) -> None:
    """Cancel the mail that was to complete this open task. Raises IllegalMove when it is leaving already."""
    taken = cancel_many(uow, "its task was taken up again", Message.id == task.message_id)
    if not taken:
        raise IllegalMove("It is too late: the mail has left, or is leaving now.")
    _detach(uow, task, _run_of(uow, task))


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
    left = [(run, message) for run, message in runs if message.state in LEFT and not run.task_id]
    others = [(run, message) for run, message in runs if message.state not in LEFT or run.task_id]
    going_on = [run.enrollment_id for run, _ in left]
    _end_left(uow, left)
    going_on += [run.enrollment_id for run, message in others if _step_over(uow, run, message)]
    _end_reminders(uow, ids)
    go_on(uow, going_on)


def _end_left(uow: UnitOfWork, left: Sequence[tuple[StepRun, Message]]) -> None:
    """Automatic mails that left, by far the most of what ends: two statements however many."""
    over = [
        {"id": run.id, "over_at": message.sent_at, "sent_at": message.sent_at, "why": ""}
        for run, message in left
    ]
    if move_each(uow.session, STEP_RUN, StepRun, "finish", over) != len(over):
        raise IllegalMove("Somebody else has ended one of these steps.")
    told = [about_message(message) for _, message in left]
    append_many(uow.session, uow.now, f"step.{STEP_RUN.target('finish')}", told)
    for run, _ in left:
        uow.session.expire(run)


def _end_tasks(
    uow: UnitOfWork,
    actor: User,
    tasks: Sequence[Task],
    event: str,
    *,
    undo_seconds: int,
    outcome: str = "",
    reason: str = "",
    note: str = "",
    mails: Mapping[int, int] = NO_MAILS,
) -> None:
    undo_until = uow.now + uow.people_seconds(undo_seconds)
    words = {"outcome": outcome, "reason": reason, "note": note}
    ended = finish_tasks(uow, actor, tasks, event, undo_until=undo_until, **words, mails=mails)
    runs = _waiting_runs(uow, ended)
    if not runs:
        return
    done = "finish" if event == "complete" else "skip"
    moved = set(
        move_many(
            uow.session, STEP_RUN, StepRun, done, StepRun.id.in_([run.id for run in runs]), over_at=uow.now
        )
    )
    told = [about_task(task) for task in ended if task.step_run_id in moved]
    append_many(uow.session, uow.now, f"step.{STEP_RUN.target(done)}", told)
    for run in runs:
        uow.session.expire(run)
    go_on(uow, [task.enrollment_id for task in ended if task.enrollment_id], release_at=undo_until)


def _waiting_runs(uow: UnitOfWork, tasks: Sequence[Task]) -> Sequence[StepRun]:
    ids = [task.step_run_id for task in tasks if task.step_run_id is not None]
    query = sa.select(StepRun).where(StepRun.id.in_(ids), StepRun.state.in_(WAITING))
    return uow.session.scalars(query).all() if ids else ()


def _run_of(uow: UnitOfWork, task: Task) -> StepRun | None:
    return next(iter(_waiting_runs(uow, [task])), None)


def _step_over(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    """End the run as its message ended; whether the enrollment goes on to its next step."""
    task = _open_task(uow, run)
    if message.state in LEFT:
        assert message.sent_at is not None
        if task is not None:
            _complete_mail_task(uow, task, message.sent_at)
        _end_run(uow, run, message, "finish", over_at=message.sent_at, sent_at=message.sent_at)
        return True
    if task is not None and message.reason in MENDABLE | {"late"}:
        _give_back(uow, task, run)
        return False
    if message.reason in MENDABLE:
        mend(uow, run, message)
        return False
    if message.reason == "late":
        return act_on_late(uow, run, message)
    if task is not None:
        uow.move(TASK, task, "cancel", about=about_task(task), ended_at=uow.now, note=message.words)
    return _failed_step_over(uow, run, message)


def _failed_step_over(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    _end_run(uow, run, message, "fail", over_at=uow.now, why=message.words[:200])
    if message.reason in ENDS_EVERYTHING:
        end_for_person(uow, message.person_id, message.words)
        return False
    if message.state is MessageState.FAILED and address_is_bad(message.failure, message.reason):
        return after_hard_bounce(uow, run, message)
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


def _open_task(uow: UnitOfWork, run: StepRun) -> Task | None:
    task = uow.session.get(Task, run.task_id) if run.task_id else None
    return task if task is not None and task.state is TaskState.OPEN else None


def _complete_mail_task(uow: UnitOfWork, task: Task, sent_at: datetime) -> None:
    """An e-mail task is done when its mail really left."""
    sender = uow.session.get_one(User, task.assignee_id)
    finish_task(uow, sender, task, "complete", undo_until=sent_at)


def _give_back(uow: UnitOfWork, task: Task, run: StepRun | None = None) -> None:
    """A rep's own mail that could not be made, or was too late, waits for its rep again."""
    _detach(uow, task, run)
    task.priority = Priority.HIGH
    uow.record("task.given_back", **about_task(task), data={"name": task.name})


def _detach(uow: UnitOfWork, task: Task, run: StepRun | None) -> None:
    """The mail no longer decides about the task, nor about the step."""
    task.message_id = None
    if run is not None:
        run.message_id = None
    uow.session.flush()


def _end_reminders(uow: UnitOfWork, message_ids: list[int]) -> None:
    """The same for e-mail tasks that belong to no campaign."""
    rows = uow.session.execute(
        sa.select(Task, Message)
        .join(Message, Message.id == Task.message_id)
        .where(Message.id.in_(message_ids), Task.step_run_id.is_(None), Task.state == TaskState.OPEN)
    )
    for task, message in rows.all():
        if message.sent_at is not None and message.state in LEFT:
            _complete_mail_task(uow, task, message.sent_at)
        else:
            _give_back(uow, task)
