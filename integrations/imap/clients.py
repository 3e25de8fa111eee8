"""Clients that can be hung up on at any moment, that of their making included: there the greeting is waited for.

A wait counts for a piece of what a server says, and pieces may come for ever.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxStarttlsError
from imap_tools.utils import check_command_status


class Watch:
    """Looks at the time while `client` talks; None while nobody does."""

    client: imaplib.IMAP4 | None = None

    def hang_up(self) -> None:
        if self.client is not None:
            with suppress(OSError):
                self.client.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def hung_up_after(seconds: float, client: imaplib.IMAP4 | None = None) -> Iterator[Watch]:
    """The line is cut when the block takes longer; whoever begins to talk in it is given to the watch."""
    watch = Watch()
    watch.client = client
    timer = threading.Timer(seconds, watch.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()


class Client(imaplib.IMAP4):
    """Of the standard library, watched from its first byte on."""

    def __init__(self, watch: Watch, host: str, port: int, timeout: float) -> None:
        self._watch = watch
        super().__init__(host, port, timeout)

    def open(self, *where: Any, **waits: Any) -> None:
        super().open(*where, **waits)
        self._watch.client = self


class TlsClient(imaplib.IMAP4_SSL):
    """The same, encrypted from the start. Its handshake has a wait of its own, which is one for the whole of it."""

    def __init__(self, watch: Watch, host: str, port: int, timeout: float, trust: ssl.SSLContext) -> None:
        self._watch = watch
        super().__init__(host, port, ssl_context=trust, timeout=timeout)

    def open(self, *where: Any, **waits: Any) -> None:
        super().open(*where, **waits)
        self._watch.client = self


class Opened(BaseMailBox):
    """What is asked of a mailbox, by way of a client that is connected."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._connected = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._connected


def start_tls(client: imaplib.IMAP4, trust: ssl.SSLContext) -> None:
    """Raises what the standard library and imap-tools raise, and leaves no line behind."""
    try:
        check_command_status(client.starttls(trust), MailboxStarttlsError)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
