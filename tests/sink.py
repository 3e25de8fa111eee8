"""A counting SMTP server for tests. What it answers is scripted; what it accepts stands in its log.

As a program (`python -m tests.sink --port 0 --log FILE`) it prints its port and writes one line a message,
`bytes <tab> recipient <tab> Message-ID`, flushed before the server says 250.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.sink_visit import Act, Caught, Gone, Manners, Script, Visit

__all__ = ["MODES", "Act", "Caught", "Manners", "Script", "Sink", "by_address", "scripted"]


class Sink:
    """The running server: `caught` in the order of acceptance, `heard` every command line it was sent."""

    def __init__(self, manners: Manners | None = None, *, log: Path | None = None, port: int = 0) -> None:
        self.manners = manners or Manners()
        self.caught: list[Caught] = []
        self.heard: list[str] = []
        self.connections = 0
        self.host = "127.0.0.1"
        self._log = log.open("a", encoding="utf-8") if log else None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server((self.host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)
        if self._log:
            self._log.close()

    def hang_up(self) -> None:
        """End every open connection, as a server that restarts does."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def behave(self, manners: Manners) -> None:
        self.manners = manners

    def obey(self, script: Script) -> None:
        self.manners = replace(self.manners, script=script)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        visit = Visit(self, connection)
        try:
            visit.run()
        except (OSError, Gone, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            visit.close()

    def keep(self, mail: Caught) -> None:
        with self._lock:
            self.caught.append(mail)
            if self._log:
                line = f"{len(mail.raw)}\t{','.join(mail.recipients)}\t{mail.message_id}\n"
                self._log.write(line)
                self._log.flush()


def by_address(argument: str) -> float:
    """A number from 0 to 1 that belongs to this address: the same in every run."""
    return int.from_bytes(hashlib.sha256(argument.encode()).digest()[:4], "big") / 2**32


MODES: Mapping[str, tuple[str, bytes | str | Act | None]] = {
    "accept": ("BODY", None),
    "soft": ("RCPT", "450 4.2.0 later"),
    "hard": ("RCPT", "550 5.1.1 nobody"),
    "policy": ("BODY", "550 5.7.1 no"),
    "drop-before-dot": ("BODY", Act.DROP_INSIDE),
    "drop-after-dot": ("BODY", Act.DROP),
    "reset-after-yes": ("BODY", Act.DROP_AFTER_YES),
}


def scripted(mode: str, share: float = 1.0) -> Script:
    """The mode for the given share of addresses, chosen by their hash."""
    where, what = MODES[mode]
    return lambda position, argument: what if position == where and by_address(argument) < share else None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log", type=Path)
    options.add_argument("--mode", choices=MODES, default="accept")
    options.add_argument("--share", type=float, default=1.0)
    options.add_argument("--seconds", type=float, default=0.0)
    options.add_argument("--no-pipelining", action="store_true")
    chosen = options.parse_args()
    manners = Manners(
        pipelining=not chosen.no_pipelining,
        seconds=chosen.seconds,
        script=scripted(chosen.mode, chosen.share),
    )
    with Sink(manners, log=chosen.log, port=chosen.port) as sink:
        print(sink.port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
