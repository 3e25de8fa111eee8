"""What msal wants of an HTTP client, over connections of ours: nothing is asked twice by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from integrations.calls import Answer, Calls, Manners


@dataclass(frozen=True)
class Said:
    """An answer as msal reads it."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """msal wraps an answer before it asks this of one."""


class Talking:
    """`last` is what was answered last, None before."""

    def __init__(self, manners: Manners) -> None:
        self._calls = Calls(manners)
        self.last: Answer | None = None

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Said:
        return self._ask("GET", f"{url}?{urlencode(params)}" if params else url, headers, None)

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Said:
        form = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._ask("POST", f"{url}?{urlencode(params)}" if params else url, form, urlencode(data or {}))

    def close(self) -> None:
        self._calls.close()

    def _ask(self, method: str, url: str, headers: Mapping[str, str] | None, body: str | None) -> Said:
        self.last = self._calls.ask(method, url, headers, body)
        return Said(self.last.status, self.last.content.decode(errors="replace"), self.last.headers)
