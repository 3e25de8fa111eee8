"""People of the CRM come in by the way of every import: a file that is looked at before anybody is in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.adopting import remember_people
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.reading import VENDOR_WORDS
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import PeopleImport
from sales_campaigns.people.uploading import upload
from sales_campaigns.ports.crm import CrmPerson
from sales_campaigns.unit_of_work import UnitOfWork

COLUMNS = {
    "first_name": "First name",
    "last_name": "Last name",
    "company": "Company",
    "title": "Job title",
    "phone": "Phone number",
}


def bring_in(
    uow: UnitOfWork,
    actor: User,
    connection: CrmConnection,
    uploads: Path,
    found: Sequence[CrmPerson],
    name: str,
    group_id: int | None = None,
) -> tuple[PeopleImport, int]:
    """The upload of these people, and how many were left out because they opted out there. Raises Invalid.

    The id in the CRM is kept with the address, and as a field of the person.
    """
    wanted = [one for one in found if not one.opted_out]
    left_out = len(found) - len(wanted)
    if not wanted:
        why = f"All {left_out} have opted out there." if left_out else "Nobody was found there."
        raise Invalid({"what": why})
    remember_people(uow, connection, found)
    vendor = VENDOR_WORDS[connection.vendor]
    file = BytesIO(_written(wanted, vendor).encode())
    made = upload(uow, actor, uploads, f"{vendor} {name}.csv", file, group_id=group_id)
    return made, left_out


def _written(people: Sequence[CrmPerson], vendor: str) -> str:
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(["Email", *COLUMNS.values(), f"{vendor} id"])
    for one in people:
        rows.writerow([one.email, *(one.fields.get(name, "") for name in COLUMNS), one.crm_id])
    return text.getvalue()
