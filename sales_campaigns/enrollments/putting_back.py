"""What waited for people when an act ended it: kept with the act, and put back as it was when the act is undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.states import STEP_RUN, WAITING
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import bring_back
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

# A step that waits, as JSON keeps it: the id of its run, its state, and why.
Waited = tuple[int, str, str]


def waited(runs: Iterable[StepRun]) -> list[Waited]:
    """Of these runs, those that wait."""
    return [(run.id, run.state.value, run.why) for run in runs if run.state in WAITING]


def waiting_at(session: Session, enrollment_ids: Iterable[int]) -> dict[int, list[Waited]]:
    """The same by enrollment, in one query."""
    query = sa.select(StepRun.enrollment_id, StepRun.id, StepRun.state, StepRun.why)
    mine = query.where(StepRun.enrollment_id.in_(list(enrollment_ids)), StepRun.state.in_(WAITING))
    found: dict[int, list[Waited]] = {}
    for enrollment_id, id, state, why in session.execute(mine.order_by(StepRun.id)):
        found.setdefault(enrollment_id, []).append((id, state.value, why))
    return found


def put_back(uow: UnitOfWork, runs: Sequence[Sequence[Any]]) -> None:
    """The rule: undo leaves things as they were. These cancelled steps wait again: their mails with the words and the
    time that they had, their tasks with whoever has them, notes, snooze and priority.
    """
    for state, why in sorted({(state, why) for _, state, why in runs}):
        ids = [id for id, *stood in runs if stood == [state, why]]
        values = {"why": why, "over_at": None, "passed_over": False}
        move_many(uow.session, STEP_RUN, StepRun, f"as_{state}", StepRun.id.in_(ids), **values)
    back = [id for id, *_ in runs]
    mails = sa.select(StepRun.message_id).where(StepRun.id.in_(back), StepRun.message_id.is_not(None))
    bring_back(uow, Message.id.in_(mails))
    again = {"ended_at": None, "undo_until": None}
    move_many(uow.session, TASK, Task, "reopen", Task.step_run_id.in_(back), **again)
    uow.session.expire_all()
