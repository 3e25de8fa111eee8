"""How things stand with the CRM: what waits, what was refused and why, and where a task or a person stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.models import (
    ConnectionState,
    CrmConnection,
    CrmContact,
    CrmRecord,
    CrmUser,
    RecordKind,
    RecordState,
)
from sales_campaigns.crm.remedies import CATEGORY_WORDS, remedy_of
from sales_campaigns.people.models import Person

KIND_WORDS = {
    RecordKind.TASK: "Task",
    RecordKind.MAIL: "E-mail",
    RecordKind.REPLY: "Reply",
    RecordKind.CALL: "Call",
}
VENDOR_WORDS = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One write that was refused, with what to do about it; `retried` is tried again by itself."""

    record: CrmRecord
    user: str
    person: Person | None
    kind: str
    category: str
    remedy: str
    retried: bool


@dataclass(frozen=True, slots=True)
class UserLine:
    """One of us, and who that is in the CRM."""

    user: User
    known: CrmUser | None


def counts(session: Session, connection: CrmConnection) -> Mapping[RecordState, int]:
    """How many records wait, are agreed upon and were refused."""
    rows = session.execute(
        sa.select(CrmRecord.state, sa.func.count())
        .where(CrmRecord.connection_id == connection.id)
        .group_by(CrmRecord.state)
    )
    return {**dict.fromkeys(RecordState, 0), **{row[0]: row[1] for row in rows}}


def diagnoses(session: Session, connection: CrmConnection, limit: int = 200) -> Sequence[Diagnosis]:
    """What was refused, or is tried again; what needs somebody first, then the newest."""
    rows = session.execute(
        sa.select(CrmRecord, User, Person)
        .join(User, User.id == CrmRecord.user_id)
        .outerjoin(Person, Person.id == CrmRecord.person_id)
        .where(CrmRecord.connection_id == connection.id, CrmRecord.category.is_not(None))
        .order_by(CrmRecord.state, CrmRecord.id.desc())
        .limit(limit)
    )
    return [_diagnosis(*row) for row in rows]


def user_lines(session: Session, connection: CrmConnection) -> Sequence[UserLine]:
    """Everybody of the team who works."""
    rows = session.execute(
        sa.select(User, CrmUser)
        .outerjoin(CrmUser, sa.and_(CrmUser.user_id == User.id, CrmUser.connection_id == connection.id))
        .where(User.team_id == connection.team_id, User.active)
        .order_by(User.last_name, User.first_name, User.id)
    )
    return [UserLine(user, known) for user, known in rows]


def live_connection(session: Session, team_id: int) -> CrmConnection | None:
    """The team's connection, where the CRM has let us in at least once."""
    at_work = (ConnectionState.CONNECTED, ConnectionState.LOST)
    return session.scalar(
        sa.select(CrmConnection).where(CrmConnection.team_id == team_id, CrmConnection.state.in_(at_work))
    )


def task_there(session: Session, team_id: int, task_id: int) -> tuple[CrmConnection, str] | None:
    """The connection and the id of a task in the CRM, where it stands there."""
    row = session.execute(
        sa.select(CrmConnection, CrmRecord.crm_id)
        .join(CrmRecord, CrmRecord.connection_id == CrmConnection.id)
        .where(
            CrmConnection.team_id == team_id,
            CrmConnection.state != ConnectionState.ENDED,
            CrmRecord.kind.in_([RecordKind.TASK, RecordKind.CALL]),
            CrmRecord.local_id == task_id,
            CrmRecord.crm_id != "",
        )
    ).first()
    return (row[0], row[1]) if row else None


def person_there(session: Session, person: Person) -> tuple[CrmConnection, str] | None:
    """The same for a person, who is found by the address."""
    row = session.execute(
        sa.select(CrmConnection, CrmContact.crm_id)
        .join(CrmContact, CrmContact.connection_id == CrmConnection.id)
        .where(
            CrmConnection.team_id == person.team_id,
            CrmConnection.state != ConnectionState.ENDED,
            CrmContact.email == person.email.lower(),
            CrmContact.crm_id != "",
        )
    ).first()
    return (row[0], row[1]) if row and person.email else None


def _diagnosis(record: CrmRecord, user: User, person: Person | None) -> Diagnosis:
    assert record.category is not None
    return Diagnosis(
        record,
        user.name,
        person,
        KIND_WORDS[record.kind],
        CATEGORY_WORDS[record.category],
        remedy_of(record.code),
        record.state is RecordState.WAITING,
    )
