"""The readers of all mailboxes, kept between two looks with the server told to speak up (IDLE)."""

from __future__ import annotations

import threading

from integrations.imap.opening import Settings
from integrations.imap.reader import ImapReader
from sales_campaigns.errors import Outside
from sales_campaigns.ports import MailAccount

MOST_AT_REST = 500  # connections kept open; whoever comes later is looked at by the clock alone


class Readers:
    """The port's MailReaders. Safe for many threads: a reader is lent to one borrower at a time.

    A mailbox at rest costs one connection and no thread: `stirred` asks the kernel for each of them.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._resting: dict[int, tuple[MailAccount, ImapReader]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def open(self, account: MailAccount) -> LentReader:
        """A reader that nobody else has; its `close` gives it back."""
        with self._lock:
            self._closed = False
            known = self._resting.pop(account.id, None)
        if known is not None and known[0] != account:
            known[1].close()
            known = None
        return LentReader(known[1] if known else ImapReader(account, self._settings), account, self)

    def stirred(self) -> list[int]:
        """The accounts whose server has said something since they were looked at."""
        with self._lock:
            return [id for id, (_, reader) in self._resting.items() if reader.stirred]

    def close_all(self) -> None:
        with self._lock:
            resting, self._resting, self._closed = self._resting, {}, True
        for _, reader in resting.values():
            reader.close()

    def take_back(self, account: MailAccount, reader: ImapReader) -> None:
        """Let it rest. One that was only tried, or has no room, is closed."""
        try:
            reader.rest()
        except Outside:
            reader.close()
        with self._lock:
            room = not self._closed and account.id and len(self._resting) < MOST_AT_REST
            before = self._resting.pop(account.id, None)
            if room:
                self._resting[account.id] = (account, reader)
        for one in ([] if room else [reader]) + ([before[1]] if before else []):
            one.close()


class LentReader:
    """A reader on loan: closed twice, it goes back once."""

    def __init__(self, reader: ImapReader, account: MailAccount, home: Readers) -> None:
        self._reader: ImapReader | None = reader
        self._account = account
        self._home = home
        self.changes, self.is_sent = reader.changes, reader.is_sent
        self.file_copy, self.check, self.discard = reader.file_copy, reader.check, reader.discard

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._home.take_back(self._account, reader)
