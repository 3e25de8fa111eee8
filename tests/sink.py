"""A counting SMTP server for tests. What it answers is scripted; what it accepts stands in its log.

As a program (`python -m tests.sink --port 0 --log FILE`) it prints its port and writes one line a message,
`bytes <tab> recipient <tab> Message-ID`, flushed before the server says 250.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self


class Act(Enum):
    """What the sink may do instead of answering."""

    DROP = "drop"  # close without a word
    RESET = "reset"  # close with a TCP reset
    DROP_INSIDE = "drop inside"  # at BODY: close before the body has been read
    DROP_AFTER_YES = "drop after yes"  # at BODY: store, answer 250, then reset
    SILENCE = "silence"  # say nothing more until the client leaves


# Called with a position (CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, BODY, …) and its argument (the address at
# MAIL and RCPT, the recipients at DATA and BODY). The answer stands in for the usual one; None keeps that.
Script = Callable[[str, str], "bytes | str | Act | None"]


class Caught(NamedTuple):
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message_id(self) -> str:
        found = re.search(rb"^message-id:\s*(\S+)", self.raw, re.I | re.M)
        return found[1].decode() if found else ""


@dataclass(frozen=True)
class Manners:
    pipelining: bool = True
    eight_bit: bool = True
    utf8: bool = True
    enhanced: bool = True
    dsn: bool = False
    size: int | None = None
    ehlo: bool = True
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    sign_ins: str = "PLAIN LOGIN"
    seconds: float = 0.0  # before the reply to each message
    script: Script = lambda position, argument: None


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
        except (OSError, _Gone, ValueError):
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


class _Gone(Exception):
    """This connection ends here."""


class Visit:
    """One connection to the sink."""

    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self._sink = sink
        self._plain = connection
        self._manners = sink.manners
        self._secure = False
        self._use(connection)
        self._forget()

    def _use(self, connection: socket.socket) -> None:
        self._socket = connection
        self._file: BinaryIO = connection.makefile("rb")

    def _forget(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._file.close()
        self._socket.close()
        self._plain.close()

    def run(self) -> None:
        if self._manners.tls:
            self._encrypt(self._manners.tls)
        self._answer("CONNECT", "", "220 sink ESMTP")
        while line := self._file.readline():
            self._manners = self._sink.manners
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self._sink.heard.append(text)
            self._obey(text)

    def _obey(self, text: str) -> None:
        verb, _, rest = text.partition(" ")
        method = getattr(self, f"_on_{verb.lower()}", None)
        if method is None:
            self._say("500 5.5.2 what?")
        else:
            method(rest)

    def _on_ehlo(self, rest: str) -> None:
        if not self._manners.ehlo:
            self._say("502 5.5.1 not here")
            return
        lines = ["sink", *self._extensions()]
        reply = "\r\n".join(f"250-{line}" for line in lines[:-1]) + f"\r\n250 {lines[-1]}"
        self._answer("EHLO", rest, reply.lstrip("\r\n"))

    def _extensions(self) -> Iterator[str]:
        manners = self._manners
        if manners.pipelining:
            yield "PIPELINING"
        if manners.size is not None:
            yield f"SIZE {manners.size}"
        if manners.starttls and not self._secure:
            yield "STARTTLS"
        if manners.users:
            yield f"AUTH {manners.sign_ins}"
        for offered, name in (
            (manners.eight_bit, "8BITMIME"), (manners.utf8, "SMTPUTF8"),
            (manners.enhanced, "ENHANCEDSTATUSCODES"), (manners.dsn, "DSN"), (True, "HELP"),
        ):  # fmt: skip
            if offered:
                yield name

    def _on_helo(self, rest: str) -> None:
        self._answer("HELO", rest, "250 sink")

    def _on_starttls(self, rest: str) -> None:
        if not self._manners.starttls:
            self._say("502 5.5.1 no")
            return
        self._answer("STARTTLS", rest, "220 go ahead")
        self._encrypt(self._manners.starttls)

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self._use(context.wrap_socket(self._socket, server_side=True))
        self._secure = True

    def _on_auth(self, rest: str) -> None:
        kind, _, token = rest.partition(" ")
        if kind == "PLAIN":
            _, name, secret = base64.b64decode(token).decode().split("\0")
        else:
            name, secret = self._ask("VXNlcm5hbWU6"), self._ask("UGFzc3dvcmQ6")
        good = self._manners.users.get(name) == secret
        self._answer("AUTH", name, "235 2.7.0 welcome" if good else "535 5.7.8 who?")

    def _ask(self, question: str) -> str:
        self._say(f"334 {question}")
        return base64.b64decode(self._file.readline()).decode()

    def _on_mail(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if self._sender is not None:
            self._say("503 5.5.1 nested MAIL")
        elif self._answer("MAIL", address, "250 2.1.0 ok"):
            self._sender = address

    def _on_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if self._sender is None:
            self._say("503 5.5.1 MAIL first")
        elif self._answer("RCPT", address, "250 2.1.5 ok"):
            self._recipients.append(address)

    def _on_data(self, rest: str) -> None:
        scripted = self._manners.script("DATA", ",".join(self._recipients))
        if scripted is None and not self._recipients:
            self._say("503 5.5.1 RCPT first")
        elif self._do(scripted, "354 go on"):
            self._body()

    def _body(self) -> None:
        recipients = ",".join(self._recipients)
        scripted = self._manners.script("BODY", recipients)
        if scripted is Act.DROP_INSIDE:
            self._file.readline()
            raise _Gone
        raw = self._read_body()
        time.sleep(self._manners.seconds)
        if not self._recipients:
            self._say("554 5.5.1 no valid recipients")
        else:
            self._take(Caught(self._sender or "", tuple(self._recipients), raw), scripted)
        self._forget()

    def _take(self, mail: Caught, scripted: bytes | str | Act | None) -> None:
        yes = scripted is None or scripted is Act.DROP_AFTER_YES or str(scripted).startswith("2")
        if yes:
            self._sink.keep(mail)
        if scripted is Act.DROP_AFTER_YES:
            self._say("250 2.0.0 taken")
            self._do(Act.RESET, "")
        self._do(scripted, "250 2.0.0 taken")

    def _read_body(self) -> bytes:
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise _Gone
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _on_rset(self, rest: str) -> None:
        self._forget()
        self._answer("RSET", rest, "250 2.0.0 ok")

    def _on_noop(self, rest: str) -> None:
        self._answer("NOOP", rest, "250 2.0.0 ok")

    def _on_quit(self, rest: str) -> None:
        self._answer("QUIT", rest, "221 2.0.0 bye")
        raise _Gone

    def _answer(self, position: str, argument: str, usual: str) -> bool:
        return self._do(self._manners.script(position, argument), usual)

    def _do(self, scripted: bytes | str | Act | None, usual: str) -> bool:
        """Answer or act. True when the client was told yes."""
        if scripted is Act.RESET:
            self._plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if scripted is Act.SILENCE:
            self._file.read()
        if isinstance(scripted, Act):
            raise _Gone
        reply = usual if scripted is None else scripted
        self._say(reply)
        text = reply if isinstance(reply, str) else reply.decode("latin-1")
        if text.startswith("421"):
            raise _Gone
        return text[:1] in "23"

    def _say(self, reply: bytes | str) -> None:
        self._socket.sendall(reply if isinstance(reply, bytes) else reply.encode() + b"\r\n")


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
