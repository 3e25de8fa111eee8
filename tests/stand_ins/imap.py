"""An IMAP server for tests (RFC 3501 with IDLE, UIDPLUS and special folders): one mailbox in memory, over real sockets.

`manners` says what it does instead of answering a command: bytes are sent as they are, FAREWELL ends the connection,
TRICKLE sends a byte every now and then and never ends its line. `lies` are told for the data of a command, which is
then said to be done.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedRWPair
from types import TracebackType
from typing import Self

from sales_campaigns.clock import machine_now

PASSWORD = "a-long-pass-word"
FAREWELL = b""
TRICKLE = b"*" * 1_000
Manners = Callable[[str], bytes | None]
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')
_LITERAL = re.compile(rb"\{(\d+)\}\r?\n$")


@dataclass
class Kept:
    uid: int
    raw: bytes
    at: datetime
    gone: bool = False  # flagged to be taken away


@dataclass
class Folder:
    """`validity` is its UIDVALIDITY: with another one, no number of before holds."""

    flag: str = ""
    validity: int = 7
    following: int = 1
    mails: list[Kept] = field(default_factory=list)

    def add(self, raw: bytes) -> Kept:
        mail = Kept(self.following, raw, machine_now())
        self.following += 1
        self.mails.append(mail)
        return mail

    def make_anew(self) -> None:
        """As after a restore: the same mails under other numbers."""
        raws, self.mails = [mail.raw for mail in self.mails], []
        self.validity, self.following = self.validity + 1, 1
        for raw in raws:
            self.add(raw)


class ImapServer:
    """Runs from the beginning; `said` holds every command by its name. With `context` it speaks TLS from the start."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.folders = {"INBOX": Folder(), "Sent": Folder("\\Sent"), "Junk": Folder("\\Junk")}
        self.manners: Manners = lambda _command: None
        self.lies: dict[str, bytes] = {}
        self.said: list[str] = []
        self.context = context
        self.offers = "IDLE UIDPLUS"
        self.stirred = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host, self.port = self._listener.getsockname()[:2]
        self._start(self._accept)

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
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self.stirred:
            self.stirred.notify_all()
        for thread in self._threads:
            thread.join(5)

    def comes_in(self, raw: bytes, folder: str = "INBOX") -> None:
        """A mail of somebody else; whoever rests is told."""
        with self.stirred:
            self.folders[folder].add(raw)
            self.stirred.notify_all()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(plain, server_side=True)
            with connection.makefile("rwb") as wire:
                _Talk(self, wire, connection).run()
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(plain)
            connection.close()


class _Talk:
    """One connection."""

    def __init__(self, server: ImapServer, wire: BufferedRWPair, connection: socket.socket) -> None:
        self._server, self._wire, self._connection = server, wire, connection
        self._folder, self._literal = Folder(), b""

    def run(self) -> None:
        if not self._instead("GREETING"):
            self._say(f"* OK [CAPABILITY IMAP4rev1 {self._server.offers}] at your service")
        while line := self._line():
            tag, _, rest = line.partition(" ")
            name, _, arguments = rest.partition(" ")
            name = f"UID {arguments.split()[0]}" if name.upper() == "UID" else name
            self._server.said.append(name.upper())
            if self._instead(name.upper()):
                continue
            self._answer(tag, name.upper(), arguments)
            if name.upper() == "LOGOUT":
                return

    def _instead(self, name: str) -> bool:
        told = self._server.manners(name)
        if told is None:
            return False
        if told == FAREWELL:
            raise OSError("as it was told")
        step = 1 if told is TRICKLE else len(told)
        for at in range(0, len(told), step):
            self._wire.write(told[at : at + step])
            self._wire.flush()
            time.sleep(0.05 if told is TRICKLE else 0)
        return True

    def _line(self) -> str:
        """One command, its literals put in its place as quoted words."""
        whole = b""
        while line := self._wire.readline():
            literal = _LITERAL.search(line)
            if literal is None:
                whole += line
                break
            self._say("+ go on")
            self._literal = self._wire.read(int(literal[1]))
            whole += line[: literal.start()]
        return whole.decode("utf-8", "surrogateescape").rstrip("\r\n")

    def _say(self, *lines: str | bytes) -> None:
        for line in lines:
            self._wire.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        self._wire.flush()

    def _answer(self, tag: str, name: str, arguments: str) -> None:
        if (lie := self._server.lies.get(name)) is not None:
            self._say(lie, f"{tag} OK done")
            return
        words = [a.replace('\\"', '"') or b or c for a, b, c in _WORDS.findall(arguments)]
        work = getattr(self, f"_{name.lower().replace(' ', '_')}", None)
        if work is None:
            self._say(f"{tag} BAD what is {name}")
            return
        refusal = work(words)
        self._say(f"{tag} {refusal or 'OK done'}")

    def _capability(self, _: list[str]) -> None:
        self._say(f"* CAPABILITY IMAP4rev1 {self._server.offers}")

    def _login(self, words: list[str]) -> str | None:
        return None if words[1] == PASSWORD else "NO [AUTHENTICATIONFAILED] not by this password"

    def _list(self, _: list[str]) -> None:
        for name, folder in self._server.folders.items():
            self._say(f'* LIST ({folder.flag}) "." "{name}"')

    def _status(self, words: list[str]) -> None:
        folder = self._server.folders[words[0]]
        self._say(f'* STATUS "{words[0]}" (UIDVALIDITY {folder.validity} UIDNEXT {folder.following})')

    def _examine(self, words: list[str]) -> None:
        self._select(words)

    def _select(self, words: list[str]) -> None:
        self._folder = self._server.folders[words[0]]
        self._say(f"* {len(self._folder.mails)} EXISTS")

    def _noop(self, _: list[str]) -> None:
        """Nothing to tell."""

    def _logout(self, _: list[str]) -> None:
        self._say("* BYE until next time")

    def _append(self, words: list[str]) -> None:
        self._server.folders[words[0]].add(self._literal)

    def _uid_search(self, words: list[str]) -> None:
        found = [mail.uid for mail in self._folder.mails if self._fits(mail, words[1:])]
        self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip())

    def _fits(self, mail: Kept, asked: list[str]) -> bool:
        if asked[0] == "UID":
            return mail.uid >= int(asked[1].partition(":")[0]) or mail is self._folder.mails[-1]
        if asked[0] == "HEADER":
            named = re.search(rb"(?im)^message-id:\s*(\S+)", mail.raw)
            return named is not None and named[1].decode() == asked[2]
        return asked[0] == "SINCE"

    def _uid_fetch(self, words: list[str]) -> None:
        wanted = {int(uid) for uid in words[1].split(",")}
        [most] = re.findall(r"<0\.(\d+)>", words[2])
        for number, mail in enumerate(self._folder.mails, 1):
            if mail.uid in wanted:
                at = mail.at.strftime('"%d-%b-%Y %H:%M:%S +0000"')
                raw = mail.raw[: int(most)]
                head = f"* {number} FETCH (UID {mail.uid} INTERNALDATE {at} BODY[]<0> {{{len(raw)}}}"
                self._say(head.encode() + b"\r\n" + raw + b")")

    def _uid_store(self, words: list[str]) -> None:
        for mail in self._folder.mails:
            mail.gone = mail.gone or str(mail.uid) in words[1].split(",")

    def _uid_expunge(self, words: list[str]) -> None:
        wanted = words[1].split(",")
        self._folder.mails = [one for one in self._folder.mails if not (one.gone and str(one.uid) in wanted)]

    def _idle(self, _: list[str]) -> None:
        self._say("+ idling")
        server, before = self._server, len(self._folder.mails)
        self._connection.settimeout(0.02)
        while True:
            with server.stirred:
                if len(self._folder.mails) != before:
                    before = len(self._folder.mails)
                    self._say(f"* {before} EXISTS")
            with contextlib.suppress(TimeoutError):
                if not self._connection.recv(100):
                    raise OSError("it left")
                self._connection.settimeout(None)
                return
