"""One POST to one address: no redirect is followed, no proxy asked, no more read than a few words."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import SplitResult, urlsplit

from integrations.trust import trusting
from integrations.webhooks.addresses import address_of
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports.programs import HookAnswer

SECONDS = 10.0
READ = 1_000  # bytes of an answer
AGENT = "Sales-Campaigns-Webhooks/1"


class Caller:
    """The port's HookCaller. Safe for many threads: each call has a connection of its own."""

    def __init__(
        self, *, private: bool = False, ca_bundle: str | None = None, seconds: float = SECONDS
    ) -> None:
        self._private = private
        self._seconds = seconds
        self._ca_bundle = ca_bundle

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        parts = urlsplit(url)
        try:
            with closing(self._connected(parts)) as connection:
                return _asked(connection, parts, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = str(error) or type(error).__name__
            raise Outside(OutsideKind.TRANSIENT, f"{parts.hostname} did not answer: {said}"[:300]) from None

    def _connected(self, parts: SplitResult) -> http.client.HTTPConnection:
        """To the address that was looked at, under the name that was meant."""
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = address_of(host, port, private=self._private)
        connection = http.client.HTTPConnection(host, port, timeout=self._seconds)
        plain = socket.create_connection((address, port), self._seconds)
        try:
            trust = trusting(self._ca_bundle) if secure else None
            connection.sock = trust.wrap_socket(plain, server_hostname=host) if trust else plain
        except BaseException:
            plain.close()
            raise
        return connection


def _asked(
    connection: http.client.HTTPConnection, parts: SplitResult, body: bytes, headers: Mapping[str, str]
) -> HookAnswer:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", path, body, {**headers, "User-Agent": AGENT, "Connection": "close"})
    answer = connection.getresponse()
    words = answer.read(READ).decode("utf-8", "replace")
    return HookAnswer(answer.status, " ".join(words.replace("\x00", " ").split())[:300])
