"""One socket to a mail server: bytes out, replies in, encrypted or not. All that fails here is Lost."""

from __future__ import annotations

import select
import socket
import ssl

from integrations.smtp.replies import Lost, Reply, ReplyReader
from sales_campaigns.clock import machine_seconds

_CHUNK = 65_536


class Connection:
    """A connected socket. Waits are in seconds; a server that says nothing for so long is Lost."""

    def __init__(self, plain: socket.socket, write_seconds: float) -> None:
        plain.setblocking(False)
        self._socket: socket.socket = plain
        self._write_seconds = write_seconds
        self._reader = ReplyReader()
        self._news = select.poll()
        self._news.register(plain, select.POLLIN)
        self.last_heard = machine_seconds()

    def write(self, data: bytes) -> None:
        """All of it. The socket takes a usual mail at once; what it does not take waits for room."""
        try:
            written = self._send(data)
            if written < len(data):
                self._write_rest(memoryview(data)[written:])
        except OSError as error:
            raise Lost(_reason(error)) from error

    def _write_rest(self, rest: memoryview) -> None:
        deadline = machine_seconds() + self._write_seconds
        while rest:
            self._wait(select.POLLOUT, deadline - machine_seconds())
            rest = rest[self._send(rest) :]

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def read(self, seconds: float) -> Reply:
        """The next reply, complete within `seconds`, however slowly its bytes drip."""
        deadline = machine_seconds() + seconds
        self.receive()
        while (reply := self.at_hand()) is None:
            try:
                self._wait(select.POLLIN, deadline - machine_seconds())
            except OSError as error:
                raise Lost(_reason(error)) from error
            self.receive()
        return reply

    def at_hand(self) -> Reply | None:
        """The next reply among what was received, None while it is not whole."""
        return self._reader.next()

    def receive(self) -> None:
        """Take what has arrived, without waiting for more."""
        data = self.arrived()
        if data:
            self.feed(data)

    def arrived(self) -> bytes:
        """The bytes that have arrived, without waiting for more; they are not yet among those that are read."""
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError as error:
            raise Lost(_reason(error)) from error
        if not data:
            raise Lost("the mail server ended the connection")
        self.last_heard = machine_seconds()
        return data

    def feed(self, data: bytes) -> None:
        """Let these be read, behind those that were received before."""
        self._reader.feed(data)

    def _wait(self, event: int, seconds: float) -> None:
        """Until the socket is ready. Raises TimeoutError."""
        poll = select.poll()
        poll.register(self._socket, event)
        if not poll.poll(max(0.0, seconds) * 1_000):
            raise TimeoutError

    @property
    def quiet(self) -> bool:
        """Nothing unasked has arrived. A server that ends an idle connection says so, or just ends it."""
        return not self.ended and self._reader.empty

    @property
    def between(self) -> bool:
        """Everything that was received is read."""
        return self._reader.empty

    @property
    def ended(self) -> bool:
        """The server has left. What it may have said before stays to be read."""
        if not self._news.poll(0):
            return False
        try:
            self.receive()
        except Lost:
            return True
        return False

    @property
    def number(self) -> int:
        """The socket's number, to be polled by."""
        return self._socket.fileno()

    @property
    def local_address(self) -> str:
        """Our end as an address literal (RFC 5321 section 4.1.3), what a client without a name says."""
        address = str(self._socket.getsockname()[0]).split("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Raises Lost, or ssl.SSLCertVerificationError when the certificate is not to be trusted."""
        if not self._reader.empty:
            # What arrived in the open must not be taken for an answer given under encryption.
            raise Lost("the mail server spoke before the connection was encrypted")
        try:
            self._socket.settimeout(self._write_seconds)
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
            self._socket.setblocking(False)
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            raise Lost(_reason(error)) from error

    def close(self) -> None:
        self._socket.close()


def connect(host: str, port: int, connect_seconds: float, write_seconds: float) -> Connection:
    """Raises Lost when nobody answers there."""
    try:
        plain = socket.create_connection((host, port), connect_seconds)
    except (OSError, UnicodeError) as error:
        raise Lost(_reason(error)) from error
    # Groups of commands are written whole; waiting for more to send would only delay the last of them.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(plain, write_seconds)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the mail server did not answer in time"
    return f"the connection broke ({getattr(error, 'strerror', None) or error})"
