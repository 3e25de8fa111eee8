"""One connection to the counting SMTP server: what it says, and what it may be told to say instead."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, BinaryIO, NamedTuple, Protocol


class Act(Enum):
    """What the sink may do instead of answering."""

    DROP = "drop"  # close without a word
    RESET = "reset"  # close with a TCP reset
    DROP_INSIDE = "drop inside"  # at BODY: close before the body has been read
    DROP_AFTER_YES = "drop after yes"  # at BODY: store, answer 250, then reset
    TRICKLE = "trickle"  # a byte of the usual answer every half minute, until the client leaves
    SILENCE = "silence"  # say nothing more until the client leaves
    DEAF = "deaf"  # at BODY: read none of it, and say nothing until the client leaves
    SILENCE_AFTER_ALL = "silence after all"  # at BODY: store, then say nothing until the client leaves


# Called with a position (CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, BODY, …) and its argument (the address at
# MAIL and RCPT, the recipients at DATA and BODY). The answer stands in for the usual one; None keeps that.
Script = Callable[[str, str], "bytes | str | Act | None"]
TRICKLE_SECONDS = 30.0


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
    together: bool = (
        False  # replies leave once more is waited for, as RFC 2920 asks of a server with pipelining
    )
    script: Script = lambda position, argument: None


class Keeper(Protocol):
    """What a visit needs of the server it is at."""

    manners: Manners
    heard: list[str]

    def keep(self, mail: Caught) -> None: ...


class Gone(Exception):
    """This connection ends here."""


class _Waiting(socket.SocketIO):
    """What a client says, and what is done before more of it is waited for."""

    def __init__(self, connection: socket.socket, before: Callable[[], None]) -> None:
        super().__init__(connection, "r")
        self._before = before

    def readinto(self, buffer: Any) -> int | None:
        self._before()
        return super().readinto(buffer)


class Visit:
    """One connection to the sink."""

    def __init__(self, sink: Keeper, connection: socket.socket) -> None:
        self._sink = sink
        self._plain = connection
        self._manners = sink.manners
        self._secure = False
        self._use(connection)
        self._forget()

    def _use(self, connection: socket.socket) -> None:
        self._socket = connection
        self._said = b""
        self._file: BinaryIO = io.BufferedReader(_Waiting(connection, self._let_go))

    def _forget(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._let_go()
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
        self._let_go()
        self._use(context.wrap_socket(self._socket, server_side=True))
        self._secure = True

    def _on_auth(self, rest: str) -> None:
        kind, _, token = rest.partition(" ")
        if kind == "PLAIN":
            _, name, secret = base64.b64decode(token).decode().split("\0")
        elif kind == "XOAUTH2":
            said = dict(one.split("=", 1) for one in base64.b64decode(token).decode().split("\1") if one)
            name, secret = said["user"], said["auth"].removeprefix("Bearer ")
            if self._manners.users.get(name) != secret:
                self._ask(base64.b64encode(b'{"status":"401"}').decode())
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
            raise Gone
        if scripted is Act.DEAF:
            self._linger()
        raw = self._read_body()
        time.sleep(self._manners.seconds)
        if not self._recipients:
            self._say("554 5.5.1 no valid recipients")
        else:
            self._take(Caught(self._sender or "", tuple(self._recipients), raw), scripted)
        self._forget()

    def _take(self, mail: Caught, scripted: bytes | str | Act | None) -> None:
        kept = (None, Act.DROP_AFTER_YES, Act.SILENCE_AFTER_ALL)
        if scripted in kept or str(scripted).startswith("2"):
            self._sink.keep(mail)
        if scripted is Act.DROP_AFTER_YES:
            self._say("250 2.0.0 taken")
            self._do(Act.RESET, "")
        self._do(scripted, "250 2.0.0 taken")

    def _linger(self) -> None:
        self._has_left()
        raise Gone

    def _trickle(self, reply: bytes) -> None:
        for number in range(len(reply)):
            self._socket.sendall(reply[number : number + 1])
            if self._has_left(TRICKLE_SECONDS):
                return

    def _has_left(self, seconds: float | None = None) -> bool:
        """Whether the client leaves by then, or wait until it does: who reads nothing hears of it only so."""
        poll = select.poll()
        poll.register(self._plain, select.POLLRDHUP)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def _read_body(self) -> bytes:
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise Gone
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _on_rset(self, rest: str) -> None:
        self._forget()
        self._answer("RSET", rest, "250 2.0.0 ok")

    def _on_noop(self, rest: str) -> None:
        self._answer("NOOP", rest, "250 2.0.0 ok")

    def _on_quit(self, rest: str) -> None:
        self._answer("QUIT", rest, "221 2.0.0 bye")
        raise Gone

    def _answer(self, position: str, argument: str, usual: str) -> bool:
        return self._do(self._manners.script(position, argument), usual)

    def _do(self, scripted: bytes | str | Act | None, usual: str) -> bool:
        """Answer or act. True when the client was told yes."""
        if scripted is Act.RESET:
            self._plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if scripted in (Act.SILENCE, Act.SILENCE_AFTER_ALL):
            self._file.read()
        if scripted is Act.TRICKLE:
            self._trickle(usual.encode() + b"\r\n")
        if isinstance(scripted, Act):
            raise Gone
        reply = usual if scripted is None else scripted
        self._say(reply)
        text = reply if isinstance(reply, str) else reply.decode("latin-1")
        if text.startswith("421"):
            raise Gone
        return text[:1] in "23"

    def _say(self, reply: bytes | str) -> None:
        self._said += reply if isinstance(reply, bytes) else reply.encode() + b"\r\n"
        if not self._manners.together:
            self._let_go()

    def _let_go(self) -> None:
        said, self._said = self._said, b""
        if said:
            self._socket.sendall(said)
