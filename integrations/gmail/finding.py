"""Looking for a mail of ours by the key it carries: among the sent ones, then among the drafts.

Gmail's search lags behind and knows no headers of ours, so the newest of the folder are looked at themselves; a search
by Message-ID only comes first where it may save that. Not found proves nothing (spec/5, recovery).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from integrations.gmail.api import ME, GmailApi
from integrations.gmail.envelopes import KEY, header_of
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Found, Place

NEWEST = 25
MESSAGE_ID = "Message-ID"


def find(api: GmailApi, send_key: str) -> Found | None:
    """Sent is proof that it left, whatever else stands there."""
    return find_sent(api, send_key) or find_draft(api, send_key)


def find_sent(api: GmailApi, send_key: str) -> Found | None:
    listed = api.call(api.messages.list(userId=ME, labelIds=["SENT"], maxResults=NEWEST))
    for one in listed.get("messages", []):
        message = _headers(api, one["id"])
        if message is not None and header_of(message, KEY) == send_key:
            return _sent(message)
    return None


def find_draft(api: GmailApi, send_key: str) -> Found | None:
    for draft in _drafts(api):
        message = draft["message"]
        if header_of(message, KEY) == send_key:
            name = header_of(message, MESSAGE_ID) or None
            return Found(Place.DRAFTS, draft["id"], name, message.get("threadId"))
    return None


def real_name(api: GmailApi, id: str) -> str | None:
    """The Message-ID that a sent mail really has; None when nobody can say now."""
    message = _headers(api, id)
    return (header_of(message, MESSAGE_ID) or None) if message else None


def _drafts(api: GmailApi) -> Iterator[dict[str, Any]]:
    listed = api.call(api.drafts.list(userId=ME, maxResults=NEWEST))
    for one in listed.get("drafts", []):
        try:
            yield api.call(api.drafts.get(userId=ME, id=one["id"], format="metadata"))
        except Outside as refused:
            if refused.code != 404:
                raise


def _headers(api: GmailApi, id: str) -> dict[str, Any] | None:
    """A message with the headers that tell who it is; None for one that is gone."""
    try:
        return api.call(
            api.messages.get(userId=ME, id=id, format="metadata", metadataHeaders=[KEY, MESSAGE_ID])
        )
    except Outside as refused:
        if refused.code != 404:
            raise
        return None


def _sent(message: dict[str, Any]) -> Found:
    at = datetime.fromtimestamp(int(message.get("internalDate", 0)) / 1000, UTC)
    name = header_of(message, MESSAGE_ID) or None
    return Found(Place.SENT, message["id"], name, message.get("threadId"), at)
