"""Neutral tasks as HubSpot's, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from html import unescape
from typing import Any

from sales_campaigns.ports.crm import CrmChange, CrmWrite

Names = Mapping[str, str]
FIELDS = {
    "subject": "hs_task_subject",
    "status": "hs_task_status",
    "priority": "hs_task_priority",
    "due": "hs_timestamp",
    "comments": "hs_task_body",
    "owner": "hubspot_owner_id",
}
STATUS = {"open": "NOT_STARTED", "complete": "COMPLETED"}
PRIORITY = {"normal": "MEDIUM", "high": "HIGH"}
MAPPED = ("campaign", "day", "step")
ON_TASK = 204  # HubSpot's own type of the association task → contact
MODIFIED = "hs_lastmodifieddate"


def properties_of(item: CrmWrite, names: Names) -> dict[str, str]:
    """What is written of a task; the person is an association, not a property."""
    named = {**FIELDS, **{name: names.get(name, "") for name in MAPPED}}
    told = {named[name]: _there(name, value) for name, value in item.fields.items() if named.get(name)}
    return {**told, names["external_id"]: item.external_id}


def associations_of(item: CrmWrite) -> list[dict[str, Any]]:
    if not item.fields.get("person"):
        return []
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ON_TASK}
    return [{"to": {"id": item.fields["person"]}, "types": [kind]}]


def columns(names: Names) -> list[str]:
    """What is read of a task."""
    return [*FIELDS.values(), MODIFIED, names["external_id"]]


def change_of(found: Mapping[str, Any], names: Names) -> CrmChange:
    """A status or a priority that we do not know is ""."""
    there = found["properties"]
    fields = {name: str(there.get(column) or "") for name, column in FIELDS.items()}
    fields["status"] = _here(STATUS, fields["status"])
    fields["priority"] = _here(PRIORITY, fields["priority"])
    fields["due"] = str(instant(fields["due"]).date()) if fields["due"] else ""
    fields["comments"] = _text(fields["comments"])
    return CrmChange(
        str(found["id"]), instant(str(there[MODIFIED])), fields, str(there.get(names["external_id"]) or "")
    )


def instant(words: str) -> datetime:
    return datetime.fromisoformat(words.replace("Z", "+00:00"))


def _there(name: str, value: str) -> str:
    if name == "due":
        return datetime.combine(date.fromisoformat(value), time(12), UTC).isoformat().replace("+00:00", "Z")
    if name == "comments":
        return "<br>".join(_escaped(line) for line in value.split("\n"))
    return {**STATUS, **PRIORITY}.get(value, value) if name in ("status", "priority") else value


def _here(words: Mapping[str, str], there: str) -> str:
    return next((ours for ours, theirs in words.items() if theirs == there), "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(html: str) -> str:
    """A body there is HTML: breaks and the ends of paragraphs are line ends, other marks are left out."""
    lines = html.replace("<br>", "\n").replace("<br/>", "\n").replace("</p>", "\n")
    kept, inside = [], False
    for character in lines:
        inside = (inside or character == "<") and character != ">"
        if not inside and character != ">":
            kept.append(character)
    return unescape("".join(kept)).rstrip()
