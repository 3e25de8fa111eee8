"""What an administrator should mend in Salesforce, from its own description of the task object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.salesforce.tasks import MAPPED, STATUS


def advice_on(described: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """One sentence for each thing; nothing when all is well."""
    fields = {field["name"]: field for field in described["fields"]}
    return [
        *_external_id(fields.get(names["external_id"]), names["external_id"]),
        *_mapped(fields, names),
        *_status(fields),
    ]


def _external_id(field: Mapping[str, Any] | None, name: str) -> list[str]:
    if field is None:
        return [f"Task has no field {name}, or this user may not see it. Make it as the guide says."]
    if not field.get("externalId"):
        return [f"{name} is no external id. Tick “External ID” and “Unique” in its definition."]
    return [] if field.get("unique") else [f"{name} is not unique. Tick “Unique” in its definition."]


def _mapped(fields: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    wanted = [names[name] for name in MAPPED if names.get(name)]
    missing = [name for name in wanted if name not in fields]
    closed = [name for name in wanted if name in fields and not fields[name].get("updateable", True)]
    return [f"Task has no field {name}." for name in missing] + [
        f"This user may not write {name}. Change its field-level security." for name in closed
    ]


def _status(fields: Mapping[str, Any]) -> list[str]:
    values = {one["value"] for one in fields.get("Status", {}).get("picklistValues", ())}
    return [
        f"The status “{one}” is missing in the picklist of Task."
        for one in STATUS.values()
        if one not in values
    ]
