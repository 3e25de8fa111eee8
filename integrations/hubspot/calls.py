"""HubSpot's REST API: a session that is never repeated by itself, and errors in the words of the port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports.crm import CrmAccount, CrmLimits

TIMEOUT = (10, 60)
FIXED = {
    400: OutsideKind.MESSAGE,
    401: OutsideKind.AUTHORISATION,
    403: OutsideKind.POLICY,
    404: OutsideKind.MESSAGE,
    429: OutsideKind.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the API answers. `ca_bundle` is a file of authorities; None trusts what the machine trusts."""

    api_url: str = "https://api.hubapi.com"
    ca_bundle: str | None = None


class Calls:
    """Calls with the token of a private app."""

    def __init__(self, account: CrmAccount, settings: Settings) -> None:
        self._settings = settings
        self._http = requests.Session()
        self._http.verify = settings.ca_bundle or True
        self._http.headers["Authorization"] = f"Bearer {account.secret.get('token', '')}"
        self.limits = CrmLimits()

    def get(self, path: str, **asked: Any) -> Any:
        return self._call("GET", path, params=asked)

    def post(self, path: str, body: Mapping[str, Any], *, reads: bool = False) -> Any:
        """`reads`: nothing is changed by it, so that no answer is no doubt."""
        return self._call("POST", path, json=body, reads=reads)

    def pages(self, path: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Every result of a list, page after page."""
        after: dict[str, str] = {}
        while True:
            page = self.get(path, **asked, **after)
            yield from page["results"]
            following = page.get("paging", {}).get("next")
            if not following:
                return
            after = {"after": following["after"]}

    def _call(self, method: str, path: str, *, reads: bool = False, **what: Any) -> Any:
        silent = OutsideKind.TRANSIENT if method == "GET" or reads else OutsideKind.UNKNOWN
        try:
            answer = self._http.request(method, f"{self._settings.api_url}{path}", timeout=TIMEOUT, **what)
        except requests.ConnectTimeout as error:
            raise Outside(OutsideKind.TRANSIENT, f"HubSpot cannot be reached: {error}") from None
        except requests.RequestException as error:
            raise Outside(silent, f"HubSpot did not answer: {error}") from None
        self._count(answer.headers)
        if answer.status_code >= 300:
            words = f"HubSpot refuses: {answer.text[:300]}"
            kind = FIXED.get(answer.status_code, silent)
            raise Outside(kind, words, code=answer.status_code)
        return answer.json() if answer.content else None

    def _count(self, headers: Mapping[str, str]) -> None:
        most = headers.get("X-HubSpot-RateLimit-Daily", "")
        left = headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if most.isdecimal() and left.isdecimal():
            self.limits = CrmLimits(int(most) - int(left), int(most))
