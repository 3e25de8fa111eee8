"""The catcher's SMTP server: takes every mail, gives it to a function, lets nothing out."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid

LARGEST_MAIL = 35_000_000  # bytes


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as it came in: envelope addresses, bytes with CRLF line ends, the machine's time in UTC."""

    envelope_from: str
    envelope_to: tuple[str, ...]
    raw: bytes
    received_at: datetime


class Catcher:
    """Listens while it is entered. Port 0 takes a free one; `port` then says which.

    `on_mail` is called in the server's thread before the sender is told 250; what it raises becomes a 451,
    so that a mail that could not be kept is tried again.
    """

    def __init__(self, host: str, port: int, on_mail: Callable[[CaughtMail], object]) -> None:
        if not _is_loopback(host):
            raise Invalid({"host": f"The mail catcher listens on this machine only: {host} is not loopback."})
        self.host = host
        self._on_mail = on_mail
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)
        self.port: int = self._socket.getsockname()[1]
        self._controller: _Controller | None = None

    def __enter__(self) -> Self:
        self._controller = _Controller(self._socket, self._keep)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._controller:
            self._controller.stop()
        self._socket.close()

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.content
        assert isinstance(raw, bytes)
        self._on_mail(CaughtMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw, machine_now()))


class _Controller(Controller):
    """Serves a socket that listens already, so that a free port can be asked for and known."""

    def __init__(self, listening: socket.socket, keep: Callable[[Envelope], None]) -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(
            _Hooks(keep),
            hostname=host,
            port=port,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            ident="catcher",
        )
        self._listening = listening

    def _create_server(self) -> asyncio.Future[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)  # type: ignore[return-value]


class _Hooks:
    """What aiosmtpd calls by name."""

    def __init__(self, keep: Callable[[Envelope], None]) -> None:
        self._keep = keep

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        self._keep(envelope)
        return "250 2.0.0 caught"

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 the mail could not be kept ({type(error).__name__})"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
