"""Jump to another step: what lies between is skipped, what is done again is asked for, days are counted from now on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.detours.judging import Jump, judge_jumps
from sales_campaigns.enrollments.detours.keeping import keep
from sales_campaigns.enrollments.holding import tell
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.passing_over import pass_over, place_of
from sales_campaigns.enrollments.putting_back import waited
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Done:
    """An act on many ways: the id for undoing it, for how many people it was done, and why not for the others."""

    batch_id: int
    people: int
    refusals: Sequence[str] = ()


def jump_people(
    uow: UnitOfWork,
    actor: User,
    enrollments: Sequence[Enrollment],
    key: str,
    *,
    again: bool = False,
    undo_seconds: int = 10,
) -> Done:
    """Take those who can to the step of this key; the others stay where they are. Raises IllegalMove for nobody."""
    require(actor, "work_tasks")
    ids = one_at_a_time(uow, [enrollment.id for enrollment in enrollments])
    judged = judge_jumps(uow.session, ways_of(uow.session, ids), key, again, uow.now)
    jumps = [one for one in judged if not one.refusal]
    refusals = [one.refusal for one in judged if one.refusal]
    if not jumps:
        raise IllegalMove(refusals[0] if refusals else "Choose at least one person first.")
    going = [one.way.enrollment.id for one in jumps]
    batch_id = keep(uow, actor, "jumped", [_kept(one) for one in jumps], {"to": _place(jumps)})
    _jump(uow, actor, jumps)
    go_on(uow, going, release_at=uow.now + uow.people_seconds(undo_seconds))
    return Done(batch_id, len(jumps), refusals)


def _jump(uow: UnitOfWork, actor: User, jumps: Sequence[Jump]) -> None:
    why = f"jumped to {_place(jumps)}"
    _drop(uow, jumps, why)
    pass_over(uow, {one.way.enrollment.id: one.before for one in jumps}, uow.now, why)
    _count_from(uow, jumps)
    tell(uow, "enrollment.jumped", [one.way.enrollment.id for one in jumps], actor.id, to=_place(jumps))
    uow.session.expire_all()


def _drop(uow: UnitOfWork, jumps: Sequence[Jump], why: str) -> None:
    """What waits is over: skipped where it lies before the step, cancelled where its turn comes again."""
    dropped = [run for one in jumps for run in one.dropped]
    messages = [run.message_id for run in dropped if run.message_id]
    if len(cancel_many(uow, why, Message.id.in_(messages))) != len(messages):
        raise IllegalMove("A mail of these people is leaving just now. Try again in a minute.")
    tasks = [run.task_id for run in dropped if run.task_id]
    move_many(uow.session, TASK, Task, "cancel", Task.id.in_(tasks), ended_at=uow.now)
    past = [run.id for one in jumps for run in one.dropped if _is_before(one, run)]
    later = [run.id for run in dropped if run.id not in set(past)]
    _move(uow, "skip", past, why=why, over_at=uow.now, passed_over=True)
    _move(uow, "cancel", later, why=why)
    _move(uow, "repeat", [run.id for one in jumps for run in one.again], why=why)


def _is_before(jump: Jump, run: StepRun) -> bool:
    steps = jump.way.steps
    end = jump.step.position if jump.step else 0
    return run.step_key in {step.key for step in steps[:end]}


def _move(uow: UnitOfWork, event: str, run_ids: Sequence[int], **also: Any) -> None:
    move_many(uow.session, STEP_RUN, StepRun, event, StepRun.id.in_(run_ids), **also)


def _count_from(uow: UnitOfWork, jumps: Iterable[Jump]) -> None:
    rows = [
        {
            "id": one.way.enrollment.id,
            "first_key": one.step.key,
            "first_day": one.step.day,
            "first_at": uow.now.replace(microsecond=0),
            "slipped": 0,
        }
        for one in jumps
        if one.step is not None
    ]
    uow.session.execute(sa.update(Enrollment), rows)


def _kept(jump: Jump) -> dict[str, Any]:
    """How the way stood: where its days were counted from, what was over, what waited, and what happens again."""
    one, runs = jump.way.enrollment, jump.way.runs.values()
    return {
        "enrollment_id": one.id,
        "before": {
            "first_key": one.first_key,
            "first_day": one.first_day,
            "first_at": one.first_at.isoformat() if one.first_at else None,
            "slipped": one.slipped,
            "runs": [run.id for run in runs if run not in jump.dropped],
            "again": {run.id: run.state.value for run in jump.again},
            "waited": waited(jump.dropped),
        },
    }


def _place(jumps: Sequence[Jump]) -> str:
    step = jumps[0].step
    return place_of(step) if step is not None else ""
