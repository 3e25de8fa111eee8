"""Finding people in Salesforce: contacts and leads by address or id, of a list view, a report or a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from integrations.salesforce.calls import Calls
from integrations.salesforce.soql import instant_words, names_checked, quoted
from sales_campaigns.errors import Invalid
from sales_campaigns.ports.crm import CrmPerson, PeopleBy

PREFIXES = {"003": "Contact", "00Q": "Lead"}
COMPANY = {"Contact": "Account.Name", "Lead": "Company"}
PLAIN = {"first_name": "FirstName", "last_name": "LastName", "title": "Title", "phone": "Phone"}
CHUNK = 200
_ID = re.compile(r"^(003|00Q)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?$")
_PEOPLE = re.compile(r"^\s*select\s+id\b[^;]*\sfrom\s+(contact|lead)\b", re.I | re.S)


def find(calls: Calls, by: PeopleBy, what: Sequence[str], most: int, opt_out: str) -> list[CrmPerson]:
    """Contacts before leads. Raises Invalid for a query that is none of people."""
    if by is PeopleBy.EMAIL:
        return list(islice(_where(calls, "Email", PREFIXES.values(), what, opt_out), most))
    ids = list(what) if by is PeopleBy.ID else list(islice(_ids(calls, by, what[0]), most))
    known = [id for id in ids if _ID.match(id)]
    found: list[CrmPerson] = []
    for prefix, kind in PREFIXES.items():
        found += _where(calls, "Id", [kind], [id for id in known if id.startswith(prefix)], opt_out)
    return found


def opted_out(calls: Calls, at: datetime | None, opt_out: str) -> Iterator[CrmPerson]:
    """Whoever has the mark that no mail is wanted."""
    since = f" AND SystemModstamp >= {instant_words(at)}" if at is not None else ""
    for kind in COMPANY:
        where = f"{names_checked(opt_out)} = true AND Email != null{since}"
        yield from (_person(kind, row, opt_out) for row in calls.query(_select(kind, opt_out, where)))


def _where(
    calls: Calls, field: str, kinds: Iterable[str], values: Sequence[str], opt_out: str
) -> Iterator[CrmPerson]:
    for kind in kinds:
        for start in range(0, len(values), CHUNK):
            some = ", ".join(quoted(value) for value in values[start : start + CHUNK])
            rows = calls.query(_select(kind, opt_out, f"{field} IN ({some})"))
            yield from (_person(kind, row, opt_out) for row in rows)


def _select(kind: str, opt_out: str, where: str) -> str:
    columns = ", ".join(["Id", "Email", *PLAIN.values(), COMPANY[kind], names_checked(opt_out)])
    return f"SELECT {columns} FROM {kind} WHERE {where} ORDER BY Id"  # noqa: S608  every value is quoted


def _person(kind: str, row: Mapping[str, Any], opt_out: str) -> CrmPerson:
    company = (row.get("Account") or {}).get("Name") if kind == "Contact" else row.get("Company")
    fields = {name: row.get(there) or "" for name, there in PLAIN.items()} | {"company": company or ""}
    told = {name: str(value) for name, value in fields.items() if value}
    return CrmPerson(str(row["Id"]), kind, str(row.get("Email") or ""), told, bool(row.get(opt_out)))


def _ids(calls: Calls, by: PeopleBy, what: str) -> Iterator[str]:
    if by is PeopleBy.LIST:
        return _ids_of_list(calls, what)
    if by is PeopleBy.REPORT:
        return _ids_of_report(calls, what)
    if not _PEOPLE.match(what):
        raise Invalid({"what": "Write a query of people, such as SELECT Id FROM Lead WHERE City = 'Oslo'."})
    return (str(row["Id"]) for row in calls.query(what.strip()))


def _ids_of_list(calls: Calls, what: str) -> Iterator[str]:
    """`what` is the kind and the id of a list view: Lead/00B…."""
    kind, _, view = what.partition("/")
    if kind not in COMPANY or not view.isalnum():
        raise Invalid({"what": "Choose a list view."})
    page = calls.get(f"/sobjects/{kind}/listviews/{view}/results", limit=2000)
    for row in page["records"]:
        cells = {cell["fieldNameOrPath"]: cell["value"] for cell in row["columns"]}
        yield str(cells["Id"])


def _ids_of_report(calls: Calls, what: str) -> Iterator[str]:
    """Every contact or lead that a row of the report names, once."""
    if not what.isalnum():
        raise Invalid({"what": "Choose a report."})
    facts = calls.get(f"/analytics/reports/{what}", includeDetails="true")["factMap"]
    values = (
        str(cell.get("value"))
        for fact in facts.values()
        for row in fact.get("rows", ())
        for cell in row["dataCells"]
    )
    yield from dict.fromkeys(value for value in values if _ID.match(value))
