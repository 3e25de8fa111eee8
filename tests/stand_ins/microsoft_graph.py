"""How Graph writes things: a message, and a refusal."""

from __future__ import annotations

import re
from typing import Any

from tests.stand_ins.microsoft_mail import PEOPLE, Item
from tests.stand_ins.serving import Reply


def resource(item: Item, select: str = "", expand: str = "") -> dict[str, Any]:
    """The resource message, with what was asked for of it."""
    at = f"{item.at:%Y-%m-%dT%H:%M:%SZ}"
    whole: dict[str, Any] = {
        "id": item.id,
        "changeKey": item.change_key,
        "subject": item.fields.get("subject", ""),
        "body": item.fields.get("body", {"contentType": "text", "content": ""}),
        **{name: item.fields.get(name, []) for name in PEOPLE},
        "categories": item.fields.get("categories", []),
        "isDraft": item.draft,
        "internetMessageId": item.name,
        "conversationId": item.thread_id,
        "parentFolderId": f"folder-{item.folder}",
        "receivedDateTime": at,
        "sentDateTime": at,
        "createdDateTime": f"{item.at:%Y-%m-%dT%H:%M:%SZ}",
        "lastModifiedDateTime": f"{item.changed_at or item.at:%Y-%m-%dT%H:%M:%SZ}",
        "hasAttachments": bool(item.files),
        "webLink": f"https://outlook.office365.com/owa/?ItemID={item.id}&exvsurl=1&viewmodel=ReadMessageItem",
    }
    shown = {name: whole[name] for name in select.split(",")} if select else whole
    wanted = re.search(r"singleValueExtendedProperties\(\$filter=id eq '([^']+)'\)", expand)
    if wanted and wanted[1] in item.properties:
        shown["singleValueExtendedProperties"] = [{"id": wanted[1], "value": item.properties[wanted[1]]}]
    return shown


# What a client may write of a message, and what each of it is made of; everything else is refused, as OData does.
_PERSON = {"emailAddress": {"address": str, "name": str}}
_NAMED = [{"id": str, "value": str}]
WRITABLE: dict[str, Any] = {
    "subject": str,
    "body": {"contentType": str, "content": str},
    **{name: [_PERSON] for name in PEOPLE},
    "categories": [str],
    "isRead": bool,
    "internetMessageHeaders": [{"name": str, "value": str}],
    "singleValueExtendedProperties": _NAMED,
}


def objections(value: Any, shape: Any, where: str = "") -> list[str]:
    """Where what was written is not what Graph takes: a name it does not know, or a bare string for a person."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        unknown = [f"{where}/{name} is unknown" for name in value.keys() - shape.keys()]
        return unknown + [
            words
            for name in value.keys() & shape.keys()
            for words in objections(value[name], shape[name], name)
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [words for one in value for words in objections(one, shape[0], where)]
    return [] if isinstance(value, shape) else [f"{where} is no {shape.__name__}"]


def graph_error(status: int, code: str, words: str, headers: dict[str, str] | None = None) -> Reply:
    """As the page on error responses shows them."""
    inner = {"date": "2026-11-30T12:00:00", "request-id": "1", "client-request-id": "1"}
    return Reply(status, {"error": {"code": code, "message": words, "innerError": inner}}, headers or {})
