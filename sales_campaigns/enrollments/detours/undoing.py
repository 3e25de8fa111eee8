"""Undo a jump, a restart or a move, for as long as nothing of it has left: people stand where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.enrollments.detours.standing import stand_again
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.holding import tell
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment, StepRun, WayChange
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.putting_back import put_back
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import WAITING as UNSENT
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

UNDONE = "what was done before it was undone"
TOO_LATE = "It is too late to undo this."


@dataclass(frozen=True, slots=True)
class Change:
    """What was kept of one person: see `WayChange`."""

    enrollment_id: int
    next_id: int | None
    at: datetime
    before: dict[str, Any]


def undo_detour(uow: UnitOfWork, actor: User, batch_id: int, undo_seconds: int = 10) -> int:
    """Take back an act for everybody or for nobody; how many people. Raises NotFound, IllegalMove."""
    require(actor, "work_tasks")
    changes = _changes(uow, actor, batch_id)
    if changes[0].at < uow.now - uow.people_seconds(undo_seconds):
        raise IllegalMove(TOO_LATE)
    ids = [id for one in changes for id in (one.enrollment_id, one.next_id) if id]
    one_at_a_time(uow, ids)
    _refuse_changed_again(uow, batch_id, ids)
    _undo_jumps(uow, [one for one in changes if one.next_id is None])
    _undo_launches(uow, actor, [one for one in changes if one.next_id])
    put_back(uow, [run for one in changes for run in one.before["waited"]])
    uow.session.execute(sa.delete(WayChange).where(WayChange.batch_id == batch_id))
    back = [one.enrollment_id for one in changes]
    go_on(uow, back)
    tell(uow, "enrollment.undone", back, actor.id)
    return len(changes)


def _changes(uow: UnitOfWork, actor: User, batch_id: int) -> Sequence[Change]:
    query = (
        sa.select(WayChange.enrollment_id, WayChange.next_id, WayChange.at, WayChange.before)
        .join(Enrollment, Enrollment.id == WayChange.enrollment_id)
        .where(WayChange.batch_id == batch_id)
        .order_by(WayChange.id)
    )
    if not sees_every_team(actor):
        query = query.where(Enrollment.team_id == actor.team_id)
    found = [Change(*row) for row in uow.session.execute(query)]
    if not found:
        raise NotFound("There is nothing to undo here, or it was undone already.")
    return found


def _refuse_changed_again(uow: UnitOfWork, batch_id: int, enrollment_ids: Sequence[int]) -> None:
    later = (WayChange.batch_id > batch_id, WayChange.enrollment_id.in_(enrollment_ids))
    if uow.session.scalar(sa.select(WayChange.id).where(*later).limit(1)) is not None:
        raise IllegalMove("Something was done to one of these people since then.")


def _undo_jumps(uow: UnitOfWork, changes: Sequence[Change]) -> None:
    ids = [one.enrollment_id for one in changes]
    kept = {id for one in changes for id in one.before["runs"]}
    query = sa.select(StepRun).where(StepRun.enrollment_id.in_(ids), StepRun.state != R.CANCELLED)
    made = [run for run in uow.session.scalars(query) if run.id not in kept]
    if any(run.state in {R.DONE, R.FAILED} for run in made):
        raise IllegalMove(f"{TOO_LATE} The next step is over already.")
    _take_back(uow, made)
    again = {int(id): state for one in changes for id, state in one.before["again"].items()}
    for state in set(again.values()):
        stood = [id for id, was in again.items() if was == state]
        move_many(uow.session, STEP_RUN, StepRun, f"as_{state}", StepRun.id.in_(stood), why="")
    move_many(uow.session, ENROLLMENT, Enrollment, "go_on", Enrollment.id.in_(ids), ended_at=None)
    if changes:
        uow.session.execute(sa.update(Enrollment), [_counted_as_before(one) for one in changes])


def _take_back(uow: UnitOfWork, runs: Sequence[StepRun]) -> None:
    messages = [run.message_id for run in runs if run.message_id and run.state in {R.SCHEDULED, R.TASK_OPEN}]
    if len(cancel_many(uow, UNDONE, Message.id.in_(messages))) != len(messages):
        raise IllegalMove(f"{TOO_LATE} The next mail has left.")
    tasks = [run.task_id for run in runs if run.task_id]
    move_many(uow.session, TASK, Task, "cancel", Task.id.in_(tasks), ended_at=uow.now)
    mine = StepRun.id.in_([run.id for run in runs])
    for event in ("cancel", "repeat"):
        move_many(uow.session, STEP_RUN, StepRun, event, mine, why=UNDONE)


def _counted_as_before(change: Change) -> dict[str, Any]:
    before = change.before
    at = datetime.fromisoformat(before["first_at"]) if before["first_at"] else None
    same = {name: before[name] for name in ("first_key", "first_day", "slipped")}
    return {"id": change.enrollment_id, "first_at": at, **same}


def _undo_launches(uow: UnitOfWork, actor: User, changes: Sequence[Change]) -> None:
    """The new enrollments end before anything of them left; whoever was under way goes on in the old one."""
    nexts = [one.next_id for one in changes]
    left = (Message.enrollment_id.in_(nexts), Message.state.not_in({*UNSENT, "cancelled"}))
    if changes and uow.session.scalar(sa.select(Message.id).where(*left).limit(1)) is not None:
        raise IllegalMove(f"{TOO_LATE} A mail has left.")
    end(uow, f"undone by {actor.name}", Enrollment.id.in_(nexts), actor_id=actor.id)
    stand_again(uow, {one.enrollment_id: (one.before["state"], one.before["why"]) for one in changes})
