"""One organisation's REST API: a session that is never repeated by itself, and errors in the words of the port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from integrations.salesforce.signing_in import Settings, renewed
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports.crm import CrmAccount, CrmLimits

TIMEOUT = (10, 120)
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
BUSY = {"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT"}


class Calls:
    """Calls as one user. The access token is renewed once a call at most, and handed to whoever keeps it."""

    def __init__(self, account: CrmAccount, settings: Settings) -> None:
        self._account = account
        self._settings = settings
        self._http = requests.Session()
        self._http.verify = settings.ca_bundle or True
        self.limits = CrmLimits()

    @property
    def instance_url(self) -> str:
        return self._account.instance_url

    def get(self, path: str, **asked: Any) -> Any:
        """What stands at a path below the version of the API. Raises Outside."""
        return self._call("GET", f"{self._base}{path}", params=asked)

    def change(self, method: str, path: str, body: Mapping[str, Any] | None = None, **asked: Any) -> Any:
        return self._call(method, f"{self._base}{path}", params=asked, json=body)

    def query(self, soql: str) -> Iterator[Mapping[str, Any]]:
        """Every record, page after page (queryMore)."""
        page = self.get("/query", q=soql)
        yield from page["records"]
        while not page["done"]:
            page = self._call("GET", page["nextRecordsUrl"])
            yield from page["records"]

    @property
    def _base(self) -> str:
        return f"/services/data/v{self._settings.version}"

    def _call(self, method: str, path: str, **what: Any) -> Any:
        if not self._account.secret.get("access_token"):
            self._renew()
        answer = self._once(method, path, **what)
        if answer.status_code == 401:
            self._renew()
            answer = self._once(method, path, **what)
        if usage := _USAGE.search(answer.headers.get("Sforce-Limit-Info", "")):
            self.limits = CrmLimits(int(usage[1]), int(usage[2]))
        if answer.status_code >= 300:
            raise _refusal(method, answer)
        return answer.json() if answer.content else None

    def _once(self, method: str, path: str, **what: Any) -> requests.Response:
        token = {"Authorization": f"Bearer {self._account.secret['access_token']}"}
        url = f"{self._account.instance_url}{path}"
        try:
            return self._http.request(method, url, headers=token, timeout=TIMEOUT, **what)
        except requests.ConnectTimeout as error:
            raise Outside(OutsideKind.TRANSIENT, f"Salesforce cannot be reached: {error}") from None
        except requests.RequestException as error:
            kind = OutsideKind.TRANSIENT if method == "GET" else OutsideKind.UNKNOWN
            raise Outside(kind, f"Salesforce did not answer: {error}") from None

    def _renew(self) -> None:
        self._account = renewed(self._settings, self._account)
        if self._account.keep is not None:
            self._account.keep(self._account.secret)


def _refusal(method: str, answer: requests.Response) -> Outside:
    """The rule: what each answer means is the table of errors of the port."""
    code, words = _said(answer)
    return Outside(_kind(method, answer.status_code, code), f"{code}: {words}", code=answer.status_code)


def _kind(method: str, status: int, code: str) -> OutsideKind:
    if code == "REQUEST_LIMIT_EXCEEDED" or status == 429:
        return OutsideKind.RATE_LIMITED
    if status == 401:
        return OutsideKind.AUTHORISATION
    if code in BUSY:
        return OutsideKind.TRANSIENT
    if status >= 500:
        return OutsideKind.TRANSIENT if method == "GET" else OutsideKind.UNKNOWN
    return OutsideKind.POLICY if status == 403 else OutsideKind.MESSAGE


def _said(answer: requests.Response) -> tuple[str, str]:
    """Salesforce answers with a list of errors; what stands before it may answer with anything."""
    try:
        said = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}", answer.text[:300]
    first = said[0] if isinstance(said, list) and said else said
    return str(first.get("errorCode", f"HTTP {answer.status_code}")), str(first.get("message", ""))
