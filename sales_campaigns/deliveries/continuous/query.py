"""The incremental query as conditions on Person: who was not taken yet, or who changed since the last run."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from sales_campaigns.deliveries.audience import targeted
from sales_campaigns.deliveries.chunks import Target
from sales_campaigns.deliveries.continuous.models import Increment, Intake
from sales_campaigns.deliveries.incremental import Incremental, Mode, PersonDate, settled
from sales_campaigns.deliveries.models import Exclusion, Recipient
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.typology.judging import Conditions, Marked
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person

DATES = {
    PersonDate.CREATED: Person.created_at,
    PersonDate.UPDATED: Person.changed_at,
    PersonDate.CONSENT: Person.consent_at,
}


def first_target(session: Session, task: Task, wanted: Incremental, started_at: datetime) -> Target:
    """Whom the preparation before the confirmation judges: they are the first increment."""
    people = targeted(session, task.audience, task.owner)
    if wanted.mode is Mode.NEW:
        return Target(people, Marked(run=1))
    changed = changed_between(wanted, wanted.begins, settled(started_at))
    return Target([*people, *changed], Marked(occasion=1, run=1))


def target_of(
    session: Session, task: Task, wanted: Incremental, intake: Intake, increment: Increment
) -> Target:
    """Whom a later run takes. Its recipients wait until the increment is released."""
    marked = Marked(increment.occasion, increment.number, waits=True)
    between = (increment.since, increment.until)
    people = targeted(session, task.audience, task.owner)
    return Target([*people, *coming(task, wanted, intake, *between)], marked)


def coming(task: Task, wanted: Incremental, intake: Intake, since: datetime, until: datetime) -> Conditions:
    if wanted.mode is Mode.NEW:
        return not_taken(task.delivery.id, intake.history)
    return changed_between(wanted, since, until)


def not_taken(delivery_id: int, history: int) -> Conditions:
    """The rule: whoever was taken once is not taken again, got it or was left out.

    Each is a look-up in a unique index, and written as a value: what “not exists” says is joined as a whole by
    PostgreSQL, which before its statistics are fresh reads all mails for each person (measured). Mails are found by
    their address, as SQLite would do the same by person; whose address has changed is kept back in `filling`.
    """
    own = aliased(Address)
    email = sa.select(own.email).where(own.id == Person.address_id).correlate(Person).scalar_subquery()
    waits = (
        Recipient.delivery_id == delivery_id,
        Recipient.occasion == history,
        Recipient.address_id == Person.address_id,
    )
    mailed = (
        Message.delivery_id == delivery_id,
        Message.occasion == history,
        Message.email == email,
    )
    left_out = (
        Exclusion.delivery_id == delivery_id,
        Exclusion.occasion == history,
        Exclusion.person_id == Person.id,
    )
    return [_none(*found) for found in (waits, mailed, left_out)]


def _none(*found: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    first = sa.select(sa.literal(1)).where(*found).limit(1).correlate(Person)
    return first.scalar_subquery().is_(None)


def changed_between(wanted: Incremental, since: datetime, until: datetime) -> Conditions:
    """The rule: field ≥ last run instant. Up to the instant from which the next run looks, so that none is twice."""
    if wanted.custom_field:
        stamp = _stamp(Person.custom[wanted.custom_field].as_string())
        low, high = (_stamp_of(at, wanted.recurrence.zone) for at in (since, until))
        return [
            Person.custom[wanted.custom_field].as_string().like("____-__-__%"),
            stamp >= low,
            stamp < high,
        ]
    column = DATES[PersonDate(wanted.field)]
    return [column >= since, column < until]


def _stamp(written: Any) -> sa.ColumnElement[str]:
    """2026-12-01 and 2026-12-01T09:00 as twelve digits: of one length, so that any collation orders them in time."""
    for mark in "-: T":
        written = sa.func.replace(written, mark, "", type_=sa.String())
    return sa.func.substr(written + "0000", 1, 12, type_=sa.String())


def _stamp_of(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y%m%d%H%M")
