"""What a rep does with a task: finish, open again, snooze, hand on. What follows from it is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

ENDS = {"complete": TaskState.COMPLETED, "skip": TaskState.SKIPPED}


def task_of(uow: UnitOfWork, actor: User, task_id: int) -> Task:
    """A task of the actor's team, locked against a second completion. Raises NotFound."""
    query = sa.select(Task).where(Task.id == task_id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Task.team_id == actor.team_id)
    task = uow.session.scalar(query)
    if task is None:
        raise NotFound("This task is not there, or it belongs to another team.")
    return task


def tasks_of(uow: UnitOfWork, actor: User, task_ids: Iterable[int]) -> Sequence[Task]:
    """Several, locked in order of id. Raises NotFound when one of them is missing or of another team."""
    ids = sorted(set(task_ids))
    query = sa.select(Task).where(Task.id.in_(ids)).order_by(Task.id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Task.team_id == actor.team_id)
    found = uow.session.scalars(query).all()
    if len(found) != len(ids):
        raise NotFound("One of these tasks is not there, or it belongs to another team.")
    return found


def finish_task(
    uow: UnitOfWork,
    actor: User,
    task: Task,
    event: str,
    *,
    undo_until: datetime,
    outcome: str = "",
    note: str = "",
) -> bool:
    """Complete or skip; False when exactly that was done before. Raises IllegalMove when it ended otherwise."""
    require(actor, "work_tasks")
    if len(outcome) > 80:
        raise Invalid({"outcome": "Use 80 characters or fewer; the rest belongs in the note."})
    if task.state is ENDS[event]:
        return False
    try:
        uow.move(
            TASK,
            task,
            event,
            about={**about(task), "actor_id": actor.id, "data": {"outcome": outcome, "name": task.name}},
            ended_at=uow.now,
            undo_until=undo_until,
            outcome=outcome,
            note=note or task.note,
        )
    except IllegalMove:
        uow.session.refresh(task)
        if task.state is ENDS[event]:
            return False
        raise
    return True


def reopen(uow: UnitOfWork, actor: User, task: Task) -> None:
    """Undo. Raises IllegalMove when the time for it is over."""
    if task.undo_until is None or uow.now > task.undo_until:
        raise IllegalMove("It is too late to undo: what followed may have left already.")
    uow.move(
        TASK, task, "reopen", about={**about(task), "actor_id": actor.id}, ended_at=None, undo_until=None
    )


def snooze(uow: UnitOfWork, actor: User, task: Task, until: datetime) -> None:
    """Hide it until then; the history is in the activity. Raises Invalid for a time that has passed."""
    require(actor, "work_tasks")
    if until <= uow.now:
        raise Invalid({"until": "Choose a time that is still to come."})
    _only_open(task, "be snoozed")
    before, task.snoozed_until = task.snoozed_until, until
    data = {"from": before.isoformat() if before else None, "until": until.isoformat()}
    uow.record("task.snoozed", actor_id=actor.id, **about(task), data=data)


def wake(uow: UnitOfWork, actor: User, task: Task, until: datetime | None) -> None:
    """Undo a snooze: back to what it was before."""
    task.snoozed_until = until
    uow.record("task.woken", actor_id=actor.id, **about(task))


def hand_on(uow: UnitOfWork, actor: User, task: Task, assignee: User) -> None:
    """Give it to a teammate. Raises Invalid for somebody of another team."""
    require(actor, "work_tasks")
    if assignee.team_id != task.team_id or not assignee.active:
        raise Invalid({"assignee": "Choose somebody of the team."})
    _only_open(task, "be handed on")
    before, task.assignee_id = task.assignee_id, assignee.id
    data = {"from": before, "to": assignee.id, "name": task.name, "who": assignee.name}
    uow.record("task.assigned", actor_id=actor.id, **about(task), data=data)


def prioritise(uow: UnitOfWork, actor: User, task: Task, priority: Priority) -> None:
    require(actor, "work_tasks")
    _only_open(task, "change its priority")
    before, task.priority = task.priority, priority
    data = {"from": before.value, "to": priority.value}
    uow.record("task.prioritised", actor_id=actor.id, **about(task), data=data)


def remind(
    uow: UnitOfWork,
    actor: User,
    *,
    name: str,
    due_at: datetime,
    kind: TaskKind = TaskKind.CUSTOM,
    person: Person | None = None,
    details: str = "",
    priority: Priority = Priority.NORMAL,
    assignee: User | None = None,
) -> Task:
    """A task of one's own, or for a teammate. Raises Invalid."""
    _check(actor, name, assignee)
    task = Task(
        team_id=actor.team_id,
        assignee_id=(assignee or actor).id,
        person_id=person.id if person else None,
        kind=kind,
        name=name.strip(),
        details=details,
        priority=priority,
        due_at=due_at,
        created_at=uow.now,
    )
    uow.session.add(task)
    uow.session.flush()
    uow.record("task.opened", actor_id=actor.id, **about(task), data={"kind": kind.value, "name": task.name})
    return task


def about(task: Task) -> dict[str, object]:
    """The columns of Activity that tell what a task is about."""
    return {
        "team_id": task.team_id,
        "person_id": task.person_id,
        "campaign_id": task.campaign_id,
        "enrollment_id": task.enrollment_id,
        "task_id": task.id,
    }


def _only_open(task: Task, what: str) -> None:
    if task.state is not TaskState.OPEN:
        raise IllegalMove(f"This task cannot {what}: {TASK.sentences[task.state]}")


def _check(actor: User, name: str, assignee: User | None) -> None:
    require(actor, "work_tasks")
    problems = {}
    if not name.strip():
        problems["name"] = "Say what is to be done."
    elif len(name) > 300:
        problems["name"] = "Use 300 characters or fewer."
    if assignee is not None and assignee.team_id != actor.team_id:
        problems["assignee"] = "Choose somebody of your team."
    if problems:
        raise Invalid(problems)
