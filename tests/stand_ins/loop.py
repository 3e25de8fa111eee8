"""A mail server whose every mail comes into one mailbox of its own: SMTP in, IMAP out."""

from __future__ import annotations

import re
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tests.sink import Caught, Sink
from tests.stand_ins.imap import ImapServer


class Loop:
    """`files_copies`: what is sent stands among the sent mails as well. `loses`: nothing comes in. `renames`: mails get
    a Message-ID of the server's.
    """

    def __init__(self) -> None:
        self.files_copies = self.loses = self.renames = False
        self.inbox = ImapServer()
        self.sink = _Passing(self)
        self._both = ExitStack()
        self._both.enter_context(self.inbox)
        self._both.enter_context(self.sink)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._both.close()

    def deliver(self, mail: Caught) -> None:
        if self.loses:
            return
        raw = mail.raw
        if self.renames:
            raw = re.sub(rb"(?im)^message-id:.*\r\n", b"Message-ID: <its-own@there.example>\r\n", raw)
        if self.files_copies:
            self.inbox.folders["Sent"].add(raw)
        self.inbox.comes_in(b"Delivered-To: %s\r\n%s" % (mail.recipients[0].encode(), raw))


class _Passing(Sink):
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        super().__init__()

    def keep(self, mail: Caught) -> None:
        super().keep(mail)
        self._loop.deliver(mail)
