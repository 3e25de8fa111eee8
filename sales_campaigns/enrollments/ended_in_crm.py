"""What was completed or deleted in the CRM ends here, and the campaign goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.crm.ending import ended_here
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.progress import complete_tasks, skip_tasks
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

End = Callable[[UnitOfWork, User, Sequence[Task]], None]
NOTE = "deleted in the CRM"
OPTED_OUT = "unsubscribed in the CRM"


def tasks_completed_in_crm(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: completing in Salesforce advances the campaign.

    It is no proof that a mail was sent: a task whose mail is on its way is done when the mail has left.
    """
    _end(uow, happened, complete_tasks, leaving=False)


def tasks_deleted_in_crm(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: deleted in the CRM means skip. A mail that waits for its time is cancelled with its task."""
    _end(uow, happened, _skip, leaving=True)


def people_opted_out_in_crm(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: an unsubscribe ends all enrollments of the person at once, whoever has the address."""
    addresses = sa.select(Person.address_id).where(
        Person.id.in_([row.person_id for row in happened]), Person.address_id.is_not(None)
    )
    people = sa.select(Person.id).where(Person.address_id.in_(addresses))
    end(uow, OPTED_OUT, Enrollment.person_id.in_(people))


def _skip(uow: UnitOfWork, actor: User, tasks: Sequence[Task]) -> None:
    skip_tasks(uow, actor, tasks, note=NOTE)


def _end(uow: UnitOfWork, happened: Sequence[Activity], how: End, *, leaving: bool) -> None:
    """As their assignees, whoever that is there."""
    ids = [row.task_id for row in happened if row.task_id]
    tasks = uow.session.scalars(
        sa.select(Task).where(Task.id.in_(ids)).order_by(Task.id).with_for_update()
    ).all()
    open_ = [task for task in tasks if task.state is TaskState.OPEN and (leaving or task.message_id is None)]
    by_actor: dict[int, list[Task]] = {}
    for task in open_:
        by_actor.setdefault(task.assignee_id, []).append(task)
    for actor_id, mine in sorted(by_actor.items()):
        how(uow, uow.session.get_one(User, actor_id), mine)
    ended_here(uow, ids)
