"""Asking web services: no call is ever repeated by itself, and a failure says whether the call had left.

What a vendor answers is given back whatever its status; the vendor's own adapter knows what it means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind

T = TypeVar("T")
NEVER_BEGAN = (NewConnectionError, ConnectTimeoutError)
CLOCK_OFF = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a service is asked. `ca_bundle` is a file of certificates to trust, None for the known ones."""

    ca_bundle: str | None = None
    connect_seconds: float = 10
    answer_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> dict[str, Any]:
        """The object it holds; {} for whatever is none."""
        try:
            read = json.loads(self.content or b"{}")
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def retry_at(self) -> datetime | None:
        """Retry-After in machine time (RFC 9110 section 10.2.3): seconds, or a date."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isdecimal():
            return machine_now() + timedelta(seconds=int(asked))
        try:
            return parsedate_to_datetime(asked) if asked else None
        except ValueError:
            return None

    @property
    def clock_words(self) -> str:
        """That this machine's clock differs from the service's; "" where it does not, or nobody can say."""
        try:
            off = machine_now() - parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, TypeError):
            return ""
        if abs(off) < CLOCK_OFF:
            return ""
        minutes = round(abs(off).total_seconds() / 60)
        way = "fast" if off > timedelta() else "slow"
        return f"The clock of this machine is {minutes} minutes {way}. Set it right, best by a time service."


class NoAnswer(Exception):
    """The call may have had its effect: it left, and no answer came."""


def answered(ask: Callable[[], T]) -> T:
    """For what may be asked again at any time: no answer is trouble that passes."""
    try:
        return ask()
    except NoAnswer as lost:
        raise Outside(OutsideKind.TRANSIENT, str(lost)) from lost


class Calls:
    """One session of connections. For one thread at a time."""

    def __init__(self, manners: Manners) -> None:
        self._waits = (manners.connect_seconds, manners.answer_seconds)
        self._trusted = (
            manners.ca_bundle or True
        )  # said with each call: the environment overrides a session's
        self._session = requests.Session()
        never = HTTPAdapter(max_retries=Retry(total=0, redirect=False, raise_on_status=False))
        self._session.mount("https://", never)
        self._session.mount("http://", never)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str | None = None
    ) -> Answer:
        """Raises Outside (transient, policy) when the call never left, NoAnswer when nobody can say."""
        try:
            answer = self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=self._waits,
                verify=self._trusted,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            words = f"The certificate of {_host(url)} is not trusted. Correct the CA bundle."
            raise Outside(OutsideKind.POLICY, words) from error
        except requests.exceptions.RequestException as error:
            if _never_left(error):
                raise Outside(OutsideKind.TRANSIENT, f"{_host(url)} cannot be reached.") from error
            raise NoAnswer(f"{_host(url)} gave no answer.") from error
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, named, answer.content)

    def close(self) -> None:
        self._session.close()


def _never_left(error: requests.exceptions.RequestException) -> bool:
    """Whether there was no connection at all. A connection that broke may have carried the call before."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NEVER_BEGAN)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
