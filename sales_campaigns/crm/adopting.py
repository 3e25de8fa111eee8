"""Tasks that were made in the CRM become tasks here, for those of us whom the CRM knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.gathering import external_id, tasks_seen
from sales_campaigns.crm.models import CrmConnection, CrmContact, CrmRecord, RecordKind, RecordState
from sales_campaigns.crm.pulling import Owners, is_new_task
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Address, Person
from sales_campaigns.ports.crm import CrmChange, CrmPerson
from sales_campaigns.tasks.changing import told_of
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.unit_of_work import UnitOfWork

NOON = time(12)
LONGEST_NAME = 300
KINDS = {"Call": TaskKind.CALL, "Email": TaskKind.EMAIL}


def adoptable(changes: Iterable[CrmChange], owners: Owners) -> list[CrmChange]:
    return [change for change in changes if is_new_task(change) and change.fields.get("owner") in owners]


def adopt(uow: UnitOfWork, connection: CrmConnection, changes: Sequence[CrmChange], owners: Owners) -> int:
    """Make a task of each, agreed from the start; what another process adopted meanwhile is left out."""
    users = _users(uow, owners)
    people = _people(uow, connection, changes)
    known = set(_known(uow, connection, changes))
    fresh = [change for change in changes if change.crm_id not in known]
    tasks = [
        _task(uow, connection, change, users[owners[change.fields["owner"]]], people) for change in fresh
    ]
    uow.session.add_all(tasks)
    uow.session.flush()
    seen = {
        task.id: values
        for task, values in tasks_seen(uow.session, connection, Task.id.in_([one.id for one in tasks]))
    }
    rows = [
        _record(uow, connection, change, task, seen[task.id])
        for change, task in zip(fresh, tasks, strict=True)
    ]
    if rows:
        uow.session.execute(sa.insert(CrmRecord), rows)
    opened = [{**told_of([task]), "data": {"kind": task.kind.value, "name": task.name}} for task in tasks]
    uow.record_many("task.opened", opened)
    return len(tasks)


def remember_people(uow: UnitOfWork, connection: CrmConnection, found: Iterable[CrmPerson]) -> None:
    """Who stands at which address there; the first that was found stays."""
    rows = {
        person.email.lower(): {
            "connection_id": connection.id,
            "email": person.email.lower(),
            "crm_id": person.crm_id,
            "kind": person.kind,
            "opted_out": person.opted_out,
            "asked_at": uow.now,
            "trouble": "",
        }
        for person in reversed(list(found))
        if person.email
    }
    if rows:
        asked = (CrmContact.connection_id == connection.id, CrmContact.email.in_(rows))
        uow.session.execute(sa.delete(CrmContact).where(*asked, CrmContact.crm_id == ""))
        uow.session.execute(insert_missing(uow.session, CrmContact), list(rows.values()))


def strangers(uow: UnitOfWork, connection: CrmConnection, changes: Iterable[CrmChange]) -> list[str]:
    """The people of these tasks whom we have not met: their ids in the CRM."""
    ids = {change.fields.get("person", "") for change in changes} - {""}
    met = uow.session.scalars(
        sa.select(CrmContact.crm_id).where(
            CrmContact.connection_id == connection.id, CrmContact.crm_id.in_(ids)
        )
    )
    return sorted(ids - set(met))


def _users(uow: UnitOfWork, owners: Owners) -> Mapping[int, User]:
    return {
        user.id: user for user in uow.session.scalars(sa.select(User).where(User.id.in_(owners.values())))
    }


def _people(uow: UnitOfWork, connection: CrmConnection, changes: Sequence[CrmChange]) -> Mapping[str, int]:
    """Our people by their ids in the CRM."""
    rows = uow.session.execute(
        sa.select(CrmContact.crm_id, Person.id)
        .join(Address, Address.email == CrmContact.email)
        .join(Person, sa.and_(Person.address_id == Address.id, Person.team_id == connection.team_id))
        .where(
            CrmContact.connection_id == connection.id,
            CrmContact.crm_id.in_([change.fields.get("person", "") for change in changes]),
            CrmContact.crm_id != "",
        )
    )
    return dict(rows.all())


def _known(uow: UnitOfWork, connection: CrmConnection, changes: Sequence[CrmChange]) -> Sequence[str]:
    ids = [change.crm_id for change in changes]
    return uow.session.scalars(
        sa.select(CrmRecord.crm_id).where(CrmRecord.connection_id == connection.id, CrmRecord.crm_id.in_(ids))
    ).all()


def _task(
    uow: UnitOfWork, connection: CrmConnection, change: CrmChange, user: User, people: Mapping[str, int]
) -> Task:
    fields = change.fields
    return Task(
        team_id=connection.team_id,
        assignee_id=user.id,
        person_id=people.get(fields.get("person", "")),
        kind=KINDS.get(fields.get("kind", ""), TaskKind.CUSTOM),
        name=(fields.get("subject", "") or "Task")[:LONGEST_NAME],
        details=fields.get("comments", ""),
        priority=Priority(fields.get("priority") or Priority.NORMAL),
        due_at=_due(fields.get("due", ""), user.zone, uow.now),
        source="crm",
        created_at=uow.now,
        unseen=False,
    )


def _due(day: str, zone: str, now: datetime) -> datetime:
    """The rule: a task of the CRM has a date and no time; it is due at noon of its assignee."""
    local = date.fromisoformat(day) if day else now.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(local, NOON, ZoneInfo(zone))


def _record(
    uow: UnitOfWork, connection: CrmConnection, change: CrmChange, task: Task, values: Mapping[str, str]
) -> dict[str, Any]:
    """Agreed as it stands there: what we would say otherwise (a subject by our pattern) is not written over it."""
    return {
        "connection_id": connection.id,
        "kind": RecordKind.TASK,
        "local_id": task.id,
        "external_id": external_id(connection, RecordKind.TASK, task.id),
        "crm_id": change.crm_id,
        "user_id": task.assignee_id,
        "person_id": task.person_id,
        "state": RecordState.AGREED,
        "ours": dict(values),
        "ours_at": {},
        "agreed": {**values, "person": change.fields.get("person", "")},
        "due_at": uow.now,
        "changed_at": uow.now,
    }
