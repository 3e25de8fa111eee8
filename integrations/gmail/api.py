"""Calling the Gmail API with Google's own client, over connections of ours: one service for one thread at a time.

Google's client would send over httplib2, which sends a call again when a kept connection has died. A mail that may
have left is never sent again by itself, so every call goes through `integrations.calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from integrations.calls import Answer, Calls, NoAnswer
from integrations.gmail.answers import refusal_of
from integrations.gmail.settings import Settings
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import MailAccount

ME = "me"


class GmailApi:
    """One mailbox by its API. Every call raises Outside or, where it may have had its effect, NoAnswer."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._settings = settings
        self._http = _TalkingHttp(account, Calls(settings.manners))
        self._users: Any = None

    @property
    def drafts(self) -> Any:
        return self._made().drafts()

    @property
    def messages(self) -> Any:
        return self._made().messages()

    @property
    def history(self) -> Any:
        return self._made().history()

    def profile(self) -> dict[str, Any]:
        return self.call(self._made().getProfile(userId=ME))

    def watch(self, asked: Mapping[str, object]) -> dict[str, Any]:
        """Let this mailbox's changes be told to a topic of Pub/Sub; asked anew, it lasts longer."""
        return self.call(self._made().watch(userId=ME, body=asked))

    def call(self, request: Any) -> dict[str, Any]:
        """The object that the API answers with."""
        try:
            answered = request.execute()
        except HttpError as error:
            refused = refusal_of(Answer(error.resp.status, dict(error.resp), error.content))
            raise refused or Outside(OutsideKind.TRANSIENT, str(error), code=error.resp.status) from error
        except ValueError as error:
            raise NoAnswer("Gmail's answer cannot be read.") from error
        return answered if isinstance(answered, dict) else {}

    def close(self) -> None:
        self._http.close()
        self._users = None

    def _made(self) -> Any:
        """The service, made when it is first used; what it can do stands in a document that Google's client brings."""
        if self._users is None:
            where = {"api_endpoint": self._settings.api_url}
            made = build("gmail", "v1", http=self._http, client_options=where, cache_discovery=False)
            self._users = made.users()
        return self._users


class _TalkingHttp:
    """What Google's client wants of httplib2: one call with the account's token; a refused token is renewed once."""

    def __init__(self, account: MailAccount, calls: Calls) -> None:
        self._account = account
        self._calls = calls
        self._token = account.secret

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        answer = self._ask(method, uri, headers or {}, body)
        if answer.status == 401 and self._account.renew is not None:
            self._token = self._account.renew(self._token)
            answer = self._ask(method, uri, headers or {}, body)
        return httplib2.Response({**answer.headers, "status": str(answer.status)}), answer.content

    def close(self) -> None:
        self._calls.close()

    def _ask(self, method: str, uri: str, headers: dict[str, str], body: bytes | str | None) -> Answer:
        if not self._token and self._account.renew is not None:
            self._token = self._account.renew("")
        return self._calls.ask(method, uri, {**headers, "authorization": f"Bearer {self._token}"}, body)
