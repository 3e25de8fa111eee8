"""What was changed here goes into the outbox: every task that some statement has written since the last look.

The mark on the task is set by the statement that changes it, whoever wrote that statement, so nothing is passed over;
taking it back and writing the outbox is one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.claims import claim
from sales_campaigns.crm.agreement import GONE
from sales_campaigns.crm.models import CrmConnection, CrmRecord, CrmUser, RecordKind
from sales_campaigns.crm.states import RECORD
from sales_campaigns.crm.values import task_values
from sales_campaigns.lifecycle import move_each
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
Seen = tuple[Task, dict[str, str]]


def gather(uow: UnitOfWork, connection: CrmConnection) -> int:
    """Take a batch of changed tasks into the outbox; how many there were."""
    ids = claim(
        uow.session,
        Task,
        Task.team_id == connection.team_id,
        Task.unseen,
        order=(Task.id,),
        limit=BATCH,
        values={"unseen": False},
    )
    if ids:
        take_in(uow, connection, tasks_seen(uow.session, connection, Task.id.in_(ids)))
    return len(ids)


def tasks_seen(session: Session, connection: CrmConnection, *where: Any) -> Sequence[Seen]:
    """Tasks with how they are told to the CRM, as the database has them now."""
    rows = session.execute(
        sa.select(Task, User.zone, CrmUser.crm_id)
        .join(User, User.id == Task.assignee_id)
        .outerjoin(CrmUser, sa.and_(CrmUser.user_id == User.id, CrmUser.connection_id == connection.id))
        .where(*where)
        .order_by(Task.id)
        .execution_options(populate_existing=True)
    )
    pattern = connection.subject_pattern
    return [(task, task_values(task, zone, owner or "", pattern)) for task, zone, owner in rows]


def take_in(uow: UnitOfWork, connection: CrmConnection, seen: Sequence[Seen]) -> None:
    """Write what differs from what the outbox knows: one statement for what is new, one for what changed."""
    known = records_of(uow.session, connection, [task.id for task, _ in seen])
    new = [
        new_record(uow, connection, kind, task, values)
        for task, values in seen
        if task.id not in known and (kind := _kind_of(connection, task)) is not None
    ]
    changed = [
        row
        for task, values in seen
        if task.id in known and (row := changed_record(uow, known[task.id], values, task.assignee_id))
    ]
    if new:
        uow.session.execute(sa.insert(CrmRecord), new)
    move_each(uow.session, RECORD, CrmRecord, "change", changed)


def records_of(
    session: Session, connection: CrmConnection, task_ids: Sequence[int]
) -> Mapping[int, CrmRecord]:
    """The records of tasks and of calls, by the id of the task."""
    query = sa.select(CrmRecord).where(
        CrmRecord.connection_id == connection.id,
        CrmRecord.kind.in_([RecordKind.TASK, RecordKind.CALL]),
        CrmRecord.local_id.in_(task_ids),
    )
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return {row.local_id: row for row in session.scalars(fresh)}


def new_record(
    uow: UnitOfWork, connection: CrmConnection, kind: RecordKind, task: Task, values: Mapping[str, str]
) -> dict[str, Any]:
    """Its row, to be inserted."""
    return {
        "connection_id": connection.id,
        "kind": kind,
        "local_id": task.id,
        "external_id": external_id(connection, kind, task.id),
        "user_id": task.assignee_id,
        "person_id": task.person_id,
        "ours": dict(values),
        "ours_at": dict.fromkeys(values, uow.now.isoformat()),
        "due_at": uow.now,
        "changed_at": uow.now,
    }


def changed_record(
    uow: UnitOfWork, record: CrmRecord, values: Mapping[str, str], user_id: int
) -> dict[str, Any] | None:
    """What a record becomes when the task reads like this; None when nothing of it is news."""
    news = [name for name, value in values.items() if record.ours.get(name) != value]
    if not news or record.kind is RecordKind.CALL:
        return None
    return {
        "id": record.id,
        "user_id": user_id,
        "ours": dict(values),
        "ours_at": {**record.ours_at, **dict.fromkeys(news, uow.now.isoformat())},
        "version": record.version + 1,
        "due_at": uow.now,
        "tries": 0,
        "changed_at": uow.now,
    }


def external_id(connection: CrmConnection, kind: RecordKind, local_id: int) -> str:
    """Its name in the CRM for good. Another connection is another installation's, or another time's."""
    return f"sc-{connection.id}-{kind.value}-{local_id}"


def _kind_of(connection: CrmConnection, task: Task) -> RecordKind | None:
    """The rule: existing tasks are not pushed, only those created after the sync was switched on."""
    since = connection.tasks_since
    if connection.syncs_tasks and since is not None and task.created_at >= since:
        return RecordKind.TASK if task.state in (TaskState.OPEN, TaskState.COMPLETED) else None
    called = task.kind is TaskKind.CALL and task.state is TaskState.COMPLETED
    return RecordKind.CALL if called and connection.logs_calls else None


def is_gone(record: CrmRecord) -> bool:
    return record.ours.get("status") == GONE
