"""Calling Microsoft Graph: every id one that lasts, no call ever repeated by itself. For one thread at a time.

The rule: `Prefer: IdType="ImmutableId"` on every call (spec/5). Without it an id changes when its mail is moved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from integrations.calls import Answer, Calls
from integrations.outlook.answers import refusal_of
from integrations.outlook.settings import APPLICATION, Settings
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import MailAccount

LASTING = 'IdType="ImmutableId"'
VERSION = "/v1.0"
ELSEWHERE = "Graph named an address of another server, which is not asked."


class GraphApi:
    """One mailbox by Graph. Every call raises Outside or, where it may have had its effect, NoAnswer."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._account = account
        self._settings = settings
        self._calls = Calls(settings.manners)
        self._token = account.secret
        self._thrown_away: str | None = None
        self.by_application = APPLICATION in account.scopes
        self._whose = f"/users/{quote(account.address, safe='@')}" if self.by_application else "/me"

    @property
    def address(self) -> str:
        return self._account.address

    def get(self, path: str, query: Mapping[str, str] | None = None, prefer: str = "") -> dict[str, Any]:
        return self.asked("GET", self._url(path, query), prefer=prefer).json()

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        return self.asked("POST", self._url(path), body).json()

    def patch(self, path: str, body: object) -> dict[str, Any]:
        return self.asked("PATCH", self._url(path), body).json()

    def delete(self, path: str) -> None:
        self.asked("DELETE", self._url(path))

    def content(self, path: str) -> bytes:
        return self.asked("GET", self._url(path)).content

    def follow(self, link: str, prefer: str = "") -> dict[str, Any]:
        """What stands at a link that Graph gave. Our token goes to no other server."""
        if not link.startswith(f"{self._settings.graph_url}/"):
            raise Outside(OutsideKind.TRANSIENT, ELSEWHERE)
        return self.asked("GET", link, prefer=prefer).json()

    def put_piece(self, url: str, piece: bytes, begin: int, whole: int) -> None:
        """One piece of a file to an address that was given for it, which needs no token and gets none."""
        headers = {"content-range": f"bytes {begin}-{begin + len(piece) - 1}/{whole}"}
        _granted(self._calls.ask("PUT", url, headers, piece))

    def thrown_away(self) -> str:
        """The id of the folder of deleted mails."""
        if self._thrown_away is None:
            self._thrown_away = str(self.get("/me/mailFolders/deleteditems", {"$select": "id"}).get("id", ""))
        return self._thrown_away

    def asked(self, method: str, url: str, body: object = None, prefer: str = "") -> Answer:
        """A token that is refused is renewed once, and what it was refused for asked again."""
        answer = self._ask(method, url, body, prefer)
        if answer.status == 401 and self._account.renew is not None:
            self._token = self._account.renew(self._token)
            answer = self._ask(method, url, body, prefer)
        return _granted(answer)

    def close(self) -> None:
        self._calls.close()

    def _ask(self, method: str, url: str, body: object, prefer: str) -> Answer:
        if not self._token and self._account.renew is not None:
            self._token = self._account.renew("")
        headers = {
            "authorization": f"Bearer {self._token}",
            "prefer": ", ".join(filter(None, (LASTING, prefer))),
            **({} if body is None else {"content-type": "application/json"}),
        }
        with self._settings.turns.of(self._account.address):
            return self._calls.ask(method, url, headers, None if body is None else json.dumps(body))

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        asked = f"?{urlencode(query, quote_via=quote, safe='$,')}" if query else ""
        return f"{self._settings.graph_url}{VERSION}{self._whose}{path.removeprefix('/me')}{asked}"


def message_at(id: str, *further: str) -> str:
    """The path of a message, and of what belongs to it."""
    return "/".join(("/me/messages", quote(id, safe=""), *further))


def _granted(answer: Answer) -> Answer:
    refused = refusal_of(answer)
    if refused is not None:
        raise refused
    return answer
