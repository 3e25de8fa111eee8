"""What every CRM that stands in has: an HTTP server, a memory, and faults that a test asks for."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Fault(StrEnum):
    """What goes wrong with one call."""

    AWAY = "away"  # the connection is dropped, nothing was done
    BROKEN = "broken"  # an error of the server, nothing was done
    LOST = "lost"  # it was done, and the answer is dropped
    LATE = "late"  # the connection is dropped, and it is done after the next calls
    LOCKED = "locked"  # every second item is refused, because somebody else writes it
    LIMIT = "limit"  # the organisation has used its calls
    REVOKED = "revoked"  # the access token is good no longer


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the face of a vendor answers it."""

    method: str
    path: str
    asked: Mapping[str, str]
    body: Any
    token: str
    faults: frozenset[Fault] = frozenset()


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """One record: its fields in the vendor's names, and when it was written last."""

    id: str
    fields: dict[str, Any]
    at: datetime
    deleted_at: datetime | None = None
    by: str = "people"


class StandIn(ABC):
    """`with Salesforce(clock) as there:` is an organisation at `there.url`; `clock` gives its time."""

    vendor = ""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.kinds: dict[str, dict[str, Row]] = {}
        self.faults: list[Fault] = []  # one a call, the first first
        self.chances: dict[Fault, float] = {}
        self.random = Random(1)
        self.outage = False
        self.calls: list[tuple[str, str]] = []
        self.written: list[tuple[str, dict[str, Any]]] = []  # what came for which record, in order
        self.token = "token-1"
        self._held: list[Call] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """In the vendor's words; each vendor writes its own."""

    @abstractmethod
    def refusal(self, fault: Fault) -> Answer: ...

    def signs_in(self, path: str) -> bool:
        return False

    def respond(self, call: Call) -> Answer | None:
        """None drops the connection. What was held back is done after the call that follows."""
        with self._lock:
            self.calls.append((call.method, call.path))
            fault = self._fault(call)
            held, self._held = self._held, []
            answer = self._answered(call, fault)
            for late in held:
                self.answer(late)
            return answer

    def _fault(self, call: Call) -> Fault | None:
        if self.outage:
            return Fault.AWAY
        if self.signs_in(call.path):
            return None
        if self.faults:
            return self.faults.pop(0)
        for fault, chance in self.chances.items():
            if self.random.random() < chance:
                return fault
        return None

    def _answered(self, call: Call, fault: Fault | None) -> Answer | None:
        if fault is Fault.AWAY:
            return None
        if fault is Fault.REVOKED:
            self.token = f"token-{self.random.randrange(10**9)}"
        if fault is Fault.LATE:
            if call.method != "GET":
                self._held.append(call)
            return None
        if fault in (Fault.BROKEN, Fault.LIMIT):
            return self.refusal(fault)
        if not self.signs_in(call.path) and call.token != self.token:
            return self.refusal(Fault.REVOKED)
        locked = frozenset({Fault.LOCKED}) if fault is Fault.LOCKED else frozenset()
        answer = self.answer(Call(call.method, call.path, call.asked, call.body, call.token, locked))
        return None if fault is Fault.LOST else answer

    def rows(self, kind: str) -> dict[str, Row]:
        return self.kinds.setdefault(kind, {})

    def there(self, kind: str) -> list[Row]:
        """What is not deleted."""
        return [row for row in self.rows(kind).values() if row.deleted_at is None]

    @abstractmethod
    def open_tasks(self) -> list[str]:
        """The ids of tasks that are still to be done."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # an answer is one packet

        def _any(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = stand_in.respond(Call(self.command, parts.path, asked, _body(self, raw), token))
            if answer is None:
                self.close_connection = True
                return
            data = json.dumps(answer.body).encode() if answer.body is not None else b""
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815  the names are http.server's

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def _body(handler: BaseHTTPRequestHandler, raw: bytes) -> Any:
    if not raw:
        return None
    if "json" in handler.headers.get("Content-Type", ""):
        return json.loads(raw)
    return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
