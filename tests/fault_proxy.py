"""A TCP proxy for tests that delays, cuts after so many bytes, or holds what passes through it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Fault:
    """What happens on the way. Bytes count for each connection and direction, seconds for each chunk."""

    seconds: float = 0.0
    cut_to_server: int | None = None  # bytes that reach the server before both ends are closed
    cut_to_client: int | None = None
    hold: bool = False  # keep the connections and pass nothing on
    connections: int | None = None  # how many connections suffer it, None for all


class FaultProxy:
    """Stands before `host:port`, or a socket file as `host`; connect to its own `host` and `port` instead."""

    def __init__(self, host: str, port: int, fault: Fault | None = None) -> None:
        self.fault = fault or Fault()
        self.passed_to_server = 0
        self._target = (host, port)
        self._suffered = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.host, self.port = self._listener.getsockname()[:2]
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.fault = Fault()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._open):
            self._cut(end)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:  # nobody is there: whoever came is sent away, the next one may have more luck
                client.close()
                continue
            self._open |= {client, server}
            fault = self._next_fault()
            self._start(self._pump, client, server, fault.cut_to_server, True)
            self._start(self._pump, server, client, fault.cut_to_client, False)

    def _connect(self) -> socket.socket:
        host, port = self._target
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(host)
        return server

    def cut_all(self) -> int:
        """End every connection that is open now; how many."""
        ends = list(self._open)
        for end in ends:
            self._cut(end)
        return len(ends) // 2

    def _next_fault(self) -> Fault:
        self._suffered += 1
        limit = self.fault.connections
        return self.fault if limit is None or self._suffered <= limit else Fault()

    def _pump(self, source: socket.socket, target: socket.socket, cut: int | None, to_server: bool) -> None:
        left = cut
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._wait()
                part = data if left is None else data[:left]
                target.sendall(part)
                self.passed_to_server += len(part) if to_server else 0
                left = None if left is None else left - len(part)
                if left == 0:
                    break
        self._cut(source)
        self._cut(target)

    def _wait(self) -> None:
        time.sleep(self.fault.seconds)
        while self.fault.hold:
            time.sleep(0.01)

    def _cut(self, end: socket.socket) -> None:
        self._open.discard(end)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
