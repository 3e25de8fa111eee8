"""Tasks that a colleague does while somebody is on leave. Mail keeps leaving from the mailbox of whoever began it."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.calendars.models import Leave
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork


def lend(uow: UnitOfWork, leave: Leave) -> int:
    """The colleague has what is open and due before the leave is over; how many tasks.

    A mail that a rep has written and given a time leaves by itself, so its task stays where it is.
    """
    due = sa.func.coalesce(Task.snoozed_until, Task.due_at, type_=Task.due_at.type)
    mine = (Task.assignee_id == leave.user_id, Task.state == TaskState.OPEN, Task.message_id.is_(None))
    return _assign(uow, leave.colleague_id, leave.user_id, *mine, due < leave.ends_at)


def give_back(uow: UnitOfWork, leave: Leave) -> int:
    """Whoever was on leave has again what is still open; how many tasks."""
    lent = (Task.lent_by_id == leave.user_id, Task.state == TaskState.OPEN, Task.message_id.is_(None))
    return _assign(uow, leave.user_id, None, *lent)


def _assign(
    uow: UnitOfWork, assignee_id: int | None, lent_by_id: int | None, *where: sa.ColumnElement[bool]
) -> int:
    found = uow.session.execute(
        sa.update(Task)
        .where(*where)
        .values(assignee_id=assignee_id, lent_by_id=lent_by_id)
        .returning(Task.id, Task.team_id)
        .execution_options(synchronize_session=False)
    ).all()
    uow.session.expire_all()
    if found:
        data = {"tasks": len(found), "to": assignee_id, "lent_by": lent_by_id}
        uow.record("task.lent" if lent_by_id else "task.given_home", team_id=found[0].team_id, data=data)
    return len(found)
