"""Who our people are in the CRM: found by their address, asked once and again after a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.crm.adopting import remember_people
from sales_campaigns.crm.models import CrmConnection, CrmContact, CrmRecord, RecordState
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Person
from sales_campaigns.ports.crm import CrmPerson
from sales_campaigns.unit_of_work import UnitOfWork

MOST = 200
ASK_AGAIN = timedelta(days=1)


def unknown_addresses(uow: UnitOfWork, connection: CrmConnection) -> list[str]:
    """Addresses of the people of what waits, of whom the CRM was not asked lately."""
    email = sa.func.lower(Person.email)
    query = (
        sa.select(email)
        .join(CrmRecord, CrmRecord.person_id == Person.id)
        .outerjoin(CrmContact, sa.and_(CrmContact.connection_id == connection.id, CrmContact.email == email))
        .where(
            CrmRecord.connection_id == connection.id,
            CrmRecord.state == RecordState.WAITING,
            Person.email != "",
            CrmContact.email.is_(None)
            | ((CrmContact.crm_id == "") & (CrmContact.asked_at < uow.now - ASK_AGAIN)),
        )
        .distinct()
        .limit(MOST)
    )
    return list(uow.session.scalars(query))


def introduce(
    uow: UnitOfWork, connection: CrmConnection, asked: Iterable[str], found: Iterable[CrmPerson]
) -> None:
    """Remember who was found, and of whom nothing was."""
    known = list(found)
    emails = list(asked)
    remember_people(uow, connection, known)
    uow.session.execute(
        sa.update(CrmContact)
        .where(CrmContact.connection_id == connection.id, CrmContact.email.in_(emails))
        .values(asked_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    nobody = set(emails) - {person.email.lower() for person in known}
    rows = [
        {
            "connection_id": connection.id,
            "email": email,
            "crm_id": "",
            "kind": "",
            "opted_out": False,
            "asked_at": uow.now,
            "trouble": "",
        }
        for email in sorted(nobody)
    ]
    if rows:
        uow.session.execute(insert_missing(uow.session, CrmContact), rows)
