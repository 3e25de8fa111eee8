"""A web server for tests on a port of its own: every call has a name, and a script says at which of them it fails."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from sales_campaigns.clock import machine_now


@dataclass(frozen=True)
class Asked:
    """One call. `query` holds the first value of each parameter, `many` all of them."""

    method: str
    path: str
    query: Mapping[str, str]
    many: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    def json(self) -> dict[str, Any]:
        read = json.loads(self.body or b"{}")
        assert isinstance(read, dict)
        return read


@dataclass(frozen=True)
class Reply:
    """`body` is sent as JSON, or as it is where it is bytes."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Act(Enum):
    DROP_BEFORE = auto()  # the connection breaks, and nothing was done
    DROP_AFTER = auto()  # it was done, and then the connection breaks


@dataclass(frozen=True)
class Delay:
    """So long nothing happens, then what was asked."""

    seconds: float


Fault = Reply | Act | Delay
# What goes wrong at a call, by its name; None where nothing does.
Script = Callable[[str, Asked], Fault | None]


def nothing(_name: str, _asked: Asked) -> Fault | None:
    return None


class StandIn(ABC):
    """The running server: `heard` are the names of its calls, `said` what it answered to those that it served.

    `tls` is the server's side of it, None for plain HTTP.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[str] = []
        self.said: list[tuple[str, Asked, Reply]] = []
        self.seconds_off = 0.0
        self.lock = threading.RLock()
        self._script: Script = nothing
        self._server = _server_of(self)
        if tls is not None:  # each connection shakes hands in its own thread
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._server.server_address[1]
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True
        )
        self._thread.start()

    @abstractmethod
    def name_of(self, asked: Asked) -> str: ...

    @abstractmethod
    def answer(self, name: str, asked: Asked) -> Reply: ...

    def obey(self, script: Script) -> None:
        self._script = script

    def fault(self, name: str, asked: Asked) -> Fault | None:
        return self._script(name, asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def times(number: int, fault: Fault, *names: str) -> Script:
    """The first so many calls of these names fail in this way."""
    left, lock = [number], threading.Lock()

    def script(name: str, _asked: Asked) -> Fault | None:
        with lock:
            if name not in names or left[0] <= 0:
                return None
            left[0] -= 1
            return fault

    return script


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no trouble of the test."""


def _server_of(stand_in: StandIn) -> _Server:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((timestamp or machine_now().timestamp()) + stand_in.seconds_off)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

        def _handle(self) -> None:
            asked = _asked(self)
            name = stand_in.name_of(asked)
            with stand_in.lock:
                stand_in.heard.append(name)
                fault = stand_in.fault(name, asked)
            if isinstance(fault, Delay):
                time.sleep(fault.seconds)
            if fault is Act.DROP_BEFORE:
                return _drop(self)
            with stand_in.lock:
                reply = fault if isinstance(fault, Reply) else stand_in.answer(name, asked)
                stand_in.said.append((name, asked, reply))
            return _drop(self) if fault is Act.DROP_AFTER else _give(self, reply)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._handle)
    return _Server(Handler)


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    parts = urlsplit(handler.path)
    many = parse_qs(parts.query, keep_blank_values=True)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = handler.rfile.read(int(headers.get("content-length", 0)))
    first = {name: values[0] for name, values in many.items()}
    return Asked(handler.command, parts.path, first, many, headers, body)


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)


def _give(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    raw = isinstance(reply.body, bytes)
    content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    handler.send_response(reply.status)
    handler.send_header("Content-Type", "text/plain" if raw else "application/json; charset=UTF-8")
    handler.send_header("Content-Length", str(len(content)))
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
