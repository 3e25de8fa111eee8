"""Neutral tasks as Salesforce's, and back. Names of fields of one's own come with the account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sales_campaigns.ports.crm import CrmChange, CrmWrite

Names = Mapping[str, str]
FIELDS = {
    "subject": "Subject",
    "status": "Status",
    "priority": "Priority",
    "due": "ActivityDate",
    "comments": "Description",
    "owner": "OwnerId",
    "person": "WhoId",
}
STATUS = {"open": "Not Started", "complete": "Completed"}
PRIORITY = {"normal": "Normal", "high": "High"}
MAPPED = ("campaign", "day", "step", "kind", "outcome", "reason")


def record_of(item: CrmWrite, names: Names) -> dict[str, Any]:
    """A record for the collections: by Salesforce's id where it is known, by ours where not."""
    named = {**FIELDS, **{name: names.get(name, "") for name in MAPPED}}
    fields = {named[name]: _there(name, value) for name, value in item.fields.items() if named.get(name)}
    identity = {"id": item.crm_id} if item.crm_id else {names["external_id"]: item.external_id}
    return {"attributes": {"type": "Task"}, **identity, **fields}


def change_of(record: Mapping[str, Any], names: Names) -> CrmChange:
    """A status or a priority that we do not know is ""."""
    fields = {name: _text(record.get(there)) for name, there in FIELDS.items()}
    fields["status"] = _here(STATUS, fields["status"])
    fields["priority"] = _here(PRIORITY, fields["priority"])
    fields["comments"] = fields["comments"].replace("\r\n", "\n").rstrip()
    fields["kind"] = _text(record.get("TaskSubtype"))
    return CrmChange(
        str(record["Id"]),
        instant(str(record["SystemModstamp"])),
        fields,
        _text(record.get(names["external_id"])),
    )


def columns(names: Names) -> str:
    """What is read of a task."""
    return ", ".join(["Id", *FIELDS.values(), "TaskSubtype", "SystemModstamp", names["external_id"]])


def instant(words: str) -> datetime:
    return datetime.fromisoformat(words.replace("Z", "+00:00"))


def _there(name: str, value: str) -> str | int | None:
    if name == "status":
        return STATUS[value]
    if name == "priority":
        return PRIORITY[value]
    return value or None


def _here(words: Mapping[str, str], there: str) -> str:
    return next((ours for ours, theirs in words.items() if theirs == there), "")


def _text(value: object) -> str:
    return "" if value is None else str(value)
