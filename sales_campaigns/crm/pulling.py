"""Take in what was changed or deleted in the CRM: one page of changes a transaction, with the watermark.

What ends a task is only noted here; that the task ends, and the campaign goes on, is done by a reaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.agreement import COMPLETE, GONE, OPEN, Agreement, agree, to_write
from sales_campaigns.crm.gathering import changed_record, tasks_seen
from sales_campaigns.crm.models import CrmConnection, CrmRecord, CrmUser, RecordKind, RecordState
from sales_campaigns.crm.states import RECORD
from sales_campaigns.crm.values import columns_of
from sales_campaigns.lifecycle import move_each
from sales_campaigns.ports.crm import CrmChange, CrmChanges
from sales_campaigns.tasks.changing import told_of, written
from sales_campaigns.tasks.models import Task, TaskChange, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

Owners = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """One record with how its task stands there, and what follows from it."""

    record: CrmRecord
    task: Task
    zone: str
    change: CrmChange
    result: Agreement


def take_changes(uow: UnitOfWork, connection: CrmConnection, came: CrmChanges) -> Sequence[CrmChange]:
    """Take one page in; those changes of it that belong to no task of ours."""
    records = _records(uow.session, connection, came.changes)
    known = [(records[change.crm_id], change) for change in came.changes if change.crm_id in records]
    judged = _judge(uow, connection, [(record, change) for record, change in known if _is_task(record)])
    owners = owners_of(uow.session, connection)
    _change_tasks(uow, judged, owners)
    _note_endings(uow, judged)
    _remember(uow, judged)
    connection.watermark = came.watermark
    uow.session.flush()
    return [change for change in came.changes if change.crm_id not in records]


def take_deletions(uow: UnitOfWork, connection: CrmConnection, crm_ids: Iterable[str]) -> int:
    """The rule: deleted in the CRM means skip. How many of them were open here."""
    rows = uow.session.execute(
        sa.select(CrmRecord, Task)
        .join(Task, Task.id == CrmRecord.local_id)
        .where(
            CrmRecord.connection_id == connection.id,
            CrmRecord.kind == RecordKind.TASK,
            CrmRecord.crm_id.in_(list(crm_ids)),
        )
        .with_for_update(of=CrmRecord)
    ).all()
    gone = [
        {
            "id": record.id,
            "crm_id": "",
            "agreed": {"status": GONE},
            "ending": "skip" if task.state is TaskState.OPEN else "",
        }
        for record, task in rows
    ]
    move_each(uow.session, RECORD, CrmRecord, "change", gone)
    _over_there(uow, [record.id for record, task in rows if task.state is not TaskState.OPEN])
    ended = [task for _, task in rows if task.state is TaskState.OPEN]
    uow.record_many("crm.deleted", [_about(task) for task in ended])
    uow.session.expire_all()
    return len(ended)


def owners_of(session: Session, connection: CrmConnection) -> Owners:
    """Our users by their ids in the CRM."""
    query = sa.select(CrmUser.crm_id, CrmUser.user_id).where(CrmUser.connection_id == connection.id)
    return dict(session.execute(query.order_by(CrmUser.user_id)).all())


def _over_there(uow: UnitOfWork, record_ids: Sequence[int]) -> None:
    """What is over here and was deleted there is not written anew: nobody waits for it."""
    move_each(uow.session, RECORD, CrmRecord, "agree", [{"id": id} for id in record_ids])


def _is_task(record: CrmRecord) -> bool:
    return record.kind is RecordKind.TASK


def _records(
    session: Session, connection: CrmConnection, changes: Sequence[CrmChange]
) -> dict[str, CrmRecord]:
    """By the id in the CRM. A record whose answer was lost is known by our own id, and learns the CRM's."""
    ids = [change.crm_id for change in changes]
    ours = {change.external_id: change for change in changes if change.external_id}
    rows = session.scalars(
        sa.select(CrmRecord)
        .where(
            CrmRecord.connection_id == connection.id,
            CrmRecord.crm_id.in_(ids) | CrmRecord.external_id.in_(ours),
        )
        .order_by(CrmRecord.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return {ours[row.external_id].crm_id if row.external_id in ours else row.crm_id: row for row in rows}


def _judge(
    uow: UnitOfWork, connection: CrmConnection, known: Sequence[tuple[CrmRecord, CrmChange]]
) -> list[Judged]:
    """Against how our tasks stand in this very transaction, gathered or not."""
    ids = [record.local_id for record, _ in known]
    uow.session.execute(sa.select(Task.id).where(Task.id.in_(ids)).order_by(Task.id).with_for_update())
    seen = {task.id: (task, values) for task, values in tasks_seen(uow.session, connection, Task.id.in_(ids))}
    zones = _zones(uow.session, [task for task, _ in seen.values()])
    judged = []
    for record, change in known:
        task, values = seen[record.local_id]
        for name, value in (changed_record(uow, record, values, task.assignee_id) or {}).items():
            setattr(record, name, value)
        times = {name: datetime.fromisoformat(at) for name, at in record.ours_at.items()}
        doubts = [one["fields"] for one in record.doubtful]
        result = agree(record.ours, record.agreed, change.fields, times, change.at, doubts)
        judged.append(Judged(record, task, zones[task.assignee_id], change, result))
    return judged


def _zones(session: Session, tasks: Sequence[Task]) -> dict[int, str]:
    query = sa.select(User.id, User.zone).where(User.id.in_([task.assignee_id for task in tasks]))
    return dict(session.execute(query).all())


def _change_tasks(uow: UnitOfWork, judged: Sequence[Judged], owners: Owners) -> None:
    """Open tasks only; a line of history for each, and one statement for each set of columns."""
    changes = [
        (one, new)
        for one in judged
        if one.task.state is TaskState.OPEN
        and (new := columns_of(one.task, one.zone, one.result.take, owners))
    ]
    _keep_history(uow, changes)
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one, new in changes:
        groups.setdefault(tuple(new), []).append({"id": one.task.id, **new, "unseen": False})
    for rows in groups.values():
        uow.session.execute(sa.update(Task), rows)


def _keep_history(uow: UnitOfWork, changes: Sequence[tuple[Judged, Mapping[str, object]]]) -> None:
    """One line of activity for the page of changes, one change for each task."""
    if not changes:
        return
    tasks = [one.task for one, _ in changes]
    act = uow.record("task.synced", **told_of(tasks), data={"name": tasks[0].name, "tasks": len(tasks)})
    uow.session.flush()
    rows = [
        {
            "batch_id": act.id,
            "task_id": one.task.id,
            "at": uow.now,
            "actor_id": one.task.assignee_id,
            "what": "synced",
            "before": written({name: getattr(one.task, name) for name in new}),
            "after": written(new),
        }
        for one, new in changes
    ]
    uow.session.execute(sa.insert(TaskChange), rows)


def _note_endings(uow: UnitOfWork, judged: Sequence[Judged]) -> None:
    """The rule: completing in the CRM advances the campaign."""
    ended = [one for one in judged if one.result.take.get("status") == COMPLETE]
    for one in ended:
        one.record.ending = "complete"
    uow.record_many("crm.completed", [_about(one.task) for one in ended])


def _remember(uow: UnitOfWork, judged: Sequence[Judged]) -> None:
    """What both sides know of each other now; what differs still is written."""
    waiting: list[dict[str, Any]] = []
    agreed: list[dict[str, Any]] = []
    for one in judged:
        taken = {name: value for name, value in one.result.take.items() if name != "status"}
        ours = {**one.record.ours, **taken} if one.task.state is TaskState.OPEN else dict(one.record.ours)
        row = {
            "id": one.record.id,
            "crm_id": one.change.crm_id,
            "ours": ours,
            "agreed": one.result.agreed,
            "ending": one.record.ending,
            "version": one.record.version,
            "ours_at": one.record.ours_at,
            "user_id": one.record.user_id,
        }
        still_there = ours.get("status") == GONE
        owed = bool(to_write(ours, one.result.agreed)) or bool(one.record.ending) or still_there
        (waiting if owed else agreed).append(row)
    failed = {one.record.id for one in judged if one.record.state is RecordState.FAILED}
    uow.session.flush()
    move_each(uow.session, RECORD, CrmRecord, "change", [row for row in waiting if row["id"] not in failed])
    move_each(uow.session, RECORD, CrmRecord, "change", agreed)
    move_each(
        uow.session, RECORD, CrmRecord, "agree", [{"id": row["id"], "category": None} for row in agreed]
    )
    uow.session.expire_all()


def _about(task: Task) -> dict[str, Any]:
    about = told_of([task])
    return {**about, "actor_id": task.assignee_id, "data": {"name": task.name}}


def is_new_task(change: CrmChange) -> bool:
    """Whether an unknown task of the CRM is taken in: one that is still to be done, and not of our own making."""
    return change.fields.get("status") == OPEN and not change.external_id
