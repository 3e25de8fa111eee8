"""Opting out, both ways.

The rule: opt-out pushed at once, reconciled nightly, an opt-out on either side wins. Letting somebody in again never
crosses over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.crm.models import CrmConnection, CrmContact
from sales_campaigns.messages.stops.in_order import lock_mail_to
from sales_campaigns.people.models import Address, Person, SubscriptionChange
from sales_campaigns.people.unsubscribing import opt_out
from sales_campaigns.ports.crm import CrmAnswer, CrmPerson
from sales_campaigns.unit_of_work import UnitOfWork

BY_CRM = "crm"
NIGHTLY = timedelta(hours=24)
LOOK_BACK = 1000  # lines of the history: one that commits late is not passed over
MOST = 200


def reconciles_now(connection: CrmConnection, now: datetime) -> bool:
    return connection.reconciled_at is None or connection.reconciled_at + NIGHTLY <= now


def opted_out_here(session: Session, connection: CrmConnection, *, everybody: bool) -> list[str]:
    """The addresses of the team's people that opted out here and may not have there; all of them, or the newest."""
    query = (
        sa.select(Address.email)
        .join(Person, sa.and_(Person.address_id == Address.id, Person.team_id == connection.team_id))
        .outerjoin(CrmContact, _contact_of(connection))
        .where(
            Address.opted_out_at.is_not(None),
            CrmContact.email.is_(None)
            | (~CrmContact.opted_out & (CrmContact.crm_id != "") & (CrmContact.trouble == "")),
        )
        .order_by(Address.email)
        .limit(MOST)
    )
    if not everybody:
        recent = sa.select(SubscriptionChange.address_id).where(
            SubscriptionChange.id > connection.opt_outs_read - LOOK_BACK, ~SubscriptionChange.subscribed
        )
        query = query.where(Address.id.in_(recent))
    return list(session.scalars(query))


def last_change(session: Session) -> int:
    return session.scalar(sa.select(sa.func.max(SubscriptionChange.id))) or 0


def to_tell(session: Session, connection: CrmConnection, emails: Iterable[str]) -> list[CrmPerson]:
    """Those of them who stand in the CRM and are not known to have opted out there."""
    rows = session.scalars(
        sa.select(CrmContact).where(
            CrmContact.connection_id == connection.id,
            CrmContact.email.in_(list(emails)),
            CrmContact.crm_id != "",
            ~CrmContact.opted_out,
        )
    )
    return [CrmPerson(row.crm_id, row.kind, row.email) for row in rows]


def told(
    uow: UnitOfWork, connection: CrmConnection, people: Sequence[CrmPerson], answers: Sequence[CrmAnswer]
) -> None:
    """Keep what the CRM took; what it refused is shown, and tried again the next night."""
    flag(uow, connection, [people[answer.key].email for answer in answers if not answer.refused])
    refused = [
        {
            "connection_id": connection.id,
            "email": people[answer.key].email,
            "trouble": f"{answer.code}: {answer.words}",
        }
        for answer in answers
        if answer.refused
    ]
    if refused:
        uow.session.execute(sa.update(CrmContact), refused)


def forgive(uow: UnitOfWork, connection_id: int) -> None:
    """What was refused is tried once more."""
    uow.session.execute(
        sa.update(CrmContact)
        .where(CrmContact.connection_id == connection_id, CrmContact.trouble != "")
        .values(trouble="")
        .execution_options(synchronize_session=False)
    )


def refused_opt_outs(session: Session, connection: CrmConnection, limit: int = 50) -> Sequence[CrmContact]:
    """Who opted out here and is not marked so there, because the CRM refused it."""
    query = sa.select(CrmContact).where(CrmContact.connection_id == connection.id, CrmContact.trouble != "")
    return session.scalars(query.order_by(CrmContact.email).limit(limit)).all()


def opted_out_there(uow: UnitOfWork, connection: CrmConnection, found: Sequence[CrmPerson]) -> int:
    """Nobody of these is mailed any more, whoever has the address; how many had not opted out here."""
    emails = {person.email.lower() for person in found if person.email}
    known = uow.session.scalars(sa.select(Address.id).where(Address.email.in_(emails))).all()
    lock_mail_to(uow.session, known)
    changed = opt_out(uow, known, source=BY_CRM, team_id=connection.team_id)
    people = uow.session.execute(
        sa.select(Person.id, Person.team_id).where(
            Person.address_id.in_(changed), Person.deleted_at.is_(None)
        )
    ).all()
    data = {"source": BY_CRM, "words": ""}
    rows = [{"team_id": row.team_id, "person_id": row.id, "data": data} for row in people]
    uow.record_many("person.unsubscribed", rows)
    uow.record_many("crm.opted_out", rows)
    return len(changed)


def flag(uow: UnitOfWork, connection: CrmConnection, emails: Iterable[str]) -> None:
    """These have opted out there, as we know now."""
    uow.session.execute(
        sa.update(CrmContact)
        .where(CrmContact.connection_id == connection.id, CrmContact.email.in_(list(emails)))
        .values(opted_out=True)
        .execution_options(synchronize_session=False)
    )


def let_in_there(uow: UnitOfWork, connection: CrmConnection, everybody: set[str]) -> None:
    """After all who opted out there were read: whoever is not among them was let in again there."""
    query = sa.select(CrmContact.email).where(CrmContact.connection_id == connection.id, CrmContact.opted_out)
    known = set(uow.session.scalars(query))
    uow.session.execute(
        sa.update(CrmContact)
        .where(CrmContact.connection_id == connection.id, CrmContact.email.in_(sorted(known - everybody)))
        .values(opted_out=False)
        .execution_options(synchronize_session=False)
    )


def _contact_of(connection: CrmConnection) -> sa.ColumnElement[bool]:
    return sa.and_(CrmContact.connection_id == connection.id, CrmContact.email == Address.email)
