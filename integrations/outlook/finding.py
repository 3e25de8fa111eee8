"""Looking for a mail of ours: by the id that it keeps when it is sent, or by the key that it carries.

The rule: the same id is the sent copy (spec/5). A draft that somebody deleted keeps its id as well, among the deleted
mails. Not found by its key proves nothing: lists may lag.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.writing import KEY
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Found, Place

WHAT_IT_IS = (
    "id,changeKey,isDraft,internetMessageId,conversationId,parentFolderId,"
    "sentDateTime,createdDateTime,lastModifiedDateTime,webLink"
)
AT_ONCE = timedelta(seconds=2)
MOST = 10  # of one key there is one; a draft made twice by a broken line makes two


def message_of(api: GraphApi, id: str) -> dict[str, Any] | None:
    """What this id is by now; None where there is no such mail any more."""
    try:
        return api.get(message_at(id), {"$select": WHAT_IT_IS})
    except Outside as refused:
        if refused.code != 404:
            raise
        return None


def at(api: GraphApi, id: str) -> Found | None:
    message = message_of(api, id)
    return found_in(message) if message is not None else None


def find(api: GraphApi, send_key: str) -> Found | None:
    """Sent is proof that it left, whatever else stands there."""
    if not send_key:
        return None
    asked = {"$filter": _carries(send_key), "$select": WHAT_IT_IS, "$top": str(MOST)}
    listed = api.get("/me/messages", asked).get("value", [])
    sent = [one for one in listed if not one.get("isDraft")]
    standing = sent or [one for one in listed if not is_thrown_away(api, one)]
    return found_in(standing[0]) if standing else None


def is_thrown_away(api: GraphApi, message: dict[str, Any]) -> bool:
    """Whether it is a draft that lies among the deleted mails."""
    return bool(message.get("isDraft")) and message.get("parentFolderId") == api.thrown_away()


def is_untouched(message: dict[str, Any]) -> bool:
    """Whether a draft is as it was made: Graph tells times to the second, and nobody writes in one so soon."""
    made, changed = (message.get(name) for name in ("createdDateTime", "lastModifiedDateTime"))
    if not (made and changed):
        return False
    return datetime.fromisoformat(changed) - datetime.fromisoformat(made) <= AT_ONCE


def found_in(message: dict[str, Any]) -> Found:
    names = (message["id"], message.get("internetMessageId") or None, message.get("conversationId"))
    if message.get("isDraft"):
        return Found(Place.DRAFTS, *names)
    at = message.get("sentDateTime")
    return Found(Place.SENT, *names, datetime.fromisoformat(at) if at else None)


def _carries(send_key: str) -> str:
    wanted = send_key.replace("'", "''")
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{wanted}')"
