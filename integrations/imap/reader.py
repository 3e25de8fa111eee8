"""One mailbox, read by IMAP: what is new since a cursor, what stands among the sent mails, and waiting for more."""

from __future__ import annotations

import imaplib
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxAppendError, MailboxFolderStatusError
from imap_tools.utils import encode_folder

from integrations.imap.clients import Watch, hung_up_after
from integrations.imap.cursors import Cursor, Mark, read_cursor, write_cursor
from integrations.imap.fetching import fetch, take_away, uids_after, uids_named, uids_since
from integrations.imap.folders import INBOX, Folders, Listed, folders_of
from integrations.imap.opening import UNREADABLE, Settings, close_mailbox, open_mailbox, outside_words
from sales_campaigns.ports import Changes, IncomingMail, MailAccount

AT_ONCE = 100  # mails a call


class ImapReader:
    """For one thread at a time. It connects when it is first asked, and again after the connection was lost."""

    def __init__(self, account: MailAccount, settings: Settings | None = None) -> None:
        self._account = account
        self._settings = settings or Settings()
        self._mailbox: BaseMailBox | None = None
        self._folders = Folders((INBOX,), "")
        self._idles = False
        self._following = 0  # UIDNEXT of the inbox as it was read last
        self._missed = False

    def changes(self, cursor: str) -> Changes:
        """The oldest hundred of what is new, and `more` where that is not all."""
        with self._talking() as mailbox:
            marks, mails, left, again = read_cursor(cursor), list[IncomingMail](), AT_ONCE, False
            for folder in (*self._folders.read, self._folders.sent):
                if folder and left > 0:
                    new, rescanned = self._read(mailbox, folder, marks, left)
                    mails, left, again = (
                        [*mails, *new],
                        left - len(new),
                        again or (rescanned and bool(cursor)),
                    )
            self._following = marks[INBOX].uid + 1 if INBOX in marks else 0
            return Changes(tuple(mails), write_cursor(marks), rescanned=again, more=left <= 0)

    def is_sent(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID stands among the sent ones. No is no proof."""
        with self._talking() as mailbox:
            if not self._folders.sent:
                return False
            mailbox.folder.set(self._folders.sent, readonly=True)
            return bool(uids_named(mailbox, message_id))

    def file_copy(self, mime: bytes, at: datetime) -> None:
        """Put a mail of the owner among the sent ones, as read. Does nothing where there is no such folder."""
        with self._talking() as mailbox:
            if self._folders.sent:
                folder = encode_folder(self._folders.sent)
                answer = mailbox.client.append(folder, r"(\Seen)", imaplib.Time2Internaldate(at), mime)  # type: ignore[arg-type]
                if answer[0] != "OK":
                    raise MailboxAppendError(answer, "OK")

    def discard(self, uids: Sequence[str]) -> bool:
        """Mark them as deleted, and expunge them where the server can do so for them alone (UIDPLUS, RFC 4315)."""
        with self._talking() as mailbox:
            alone = "UIDPLUS" in mailbox.client.capabilities
            for folder, found in groupby(sorted(uids), key=lambda uid: uid.rpartition("/")[0]):
                name, _, validity = folder.rpartition("/")
                if mailbox.folder.status(name, ["UIDVALIDITY"]).get("UIDVALIDITY") == int(validity):
                    take_away(mailbox, name, [int(uid.rpartition("/")[2]) for uid in found], expunge=alone)
            return True

    def check(self) -> None:
        """Connect, sign in, look at the inbox. Raises Outside with what to do."""
        self.close()
        with self._talking() as mailbox:
            mailbox.folder.set(INBOX, readonly=True)

    def rest(self) -> None:
        """Let the server say by itself when something comes (IDLE); does nothing where that is not offered.

        Of what came since the inbox was read it says nothing any more: the answer to SELECT tells it.
        """
        if self._idles or self._mailbox is None or "IDLE" not in self._mailbox.client.capabilities:
            return
        with self._talking() as mailbox:
            mailbox.folder.set(INBOX, readonly=True)
            following = mailbox.client.response("UIDNEXT")[1][-1] or b""
            self._missed = following.isdigit() and 0 < self._following < int(following)
            mailbox.idle.start()  # type: ignore[no-untyped-call]
            self._idles = True

    @property
    def stirred(self) -> bool:
        """The server has said something while this rested, be it a farewell. Never waits."""
        if not self._idles or self._mailbox is None:
            return False
        if self._missed:
            return True
        poller = select.poll()
        poller.register(self._mailbox.client.sock.fileno(), select.POLLIN)
        return bool(poller.poll(0))

    def close(self) -> None:
        """A server that waits to speak up hears no farewell: one would be an answer too many to wait for."""
        if self._idles:
            self._forget()
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            close_mailbox(mailbox)

    def _read(
        self, mailbox: BaseMailBox, folder: str, marks: Cursor, most: int
    ) -> tuple[list[IncomingMail], bool]:
        """The oldest `most` new mails of a folder, its mark moved on; and whether its old mark was of no use: no number
        holds any more, or it is one that no mail has yet.
        """
        status = mailbox.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        validity, following = _number(status, "UIDVALIDITY"), _number(status, "UIDNEXT")
        mark = marks.get(folder)
        known = mark is not None and mark.validity == validity and mark.uid < following
        if known and mark is not None and mark.uid + 1 == following:
            return [], False
        mailbox.folder.set(folder, readonly=True)
        found = (
            uids_after(mailbox, mark.uid)
            if known and mark is not None
            else uids_since(mailbox, self._settings.reach_back_days)
        )
        uids, whole = found[:most], len(found) <= most
        last = max(following - 1, *uids, 0) if whole else uids[-1]
        marks[folder] = Mark(validity, last)
        own = folder == self._folders.sent
        mails = [
            IncomingMail(f"{folder}/{validity}/{one.uid}", one.at, one.raw, own=own)
            for one in fetch(mailbox, uids)
        ]
        return mails, not known

    @contextmanager
    def _talking(self) -> Iterator[BaseMailBox]:
        """A connection in working order for the block; one that breaks in it is not used again. Raises Outside."""
        with outside_words(self._account):
            try:
                with hung_up_after(self._settings.open_seconds) as watch:
                    mailbox = self._awake(watch)
                with hung_up_after(self._settings.talk_seconds, mailbox.client):
                    yield mailbox
            except (imaplib.IMAP4.abort, OSError, *UNREADABLE):
                self._forget()
                raise
            except (imaplib.IMAP4.error, ImapToolsError):
                self.close()
                raise

    def _awake(self, watch: Watch) -> BaseMailBox:
        """The connection, taken out of its rest; a fresh one where it did not survive that."""
        if self._mailbox is not None:
            watch.client = self._mailbox.client
            if self._still_there(self._mailbox):
                return self._mailbox
        self._forget()
        self._mailbox = open_mailbox(self._account, self._settings, watch)
        listed = self._mailbox.folder.list()
        self._folders = folders_of(Listed(one.name, one.delim.strip('"'), one.flags) for one in listed)
        return self._mailbox

    def _still_there(self, mailbox: BaseMailBox) -> bool:
        try:
            if self._idles:
                self._idles = False
                mailbox.idle.stop()  # type: ignore[no-untyped-call]
            else:
                mailbox.client.noop()
        except (imaplib.IMAP4.error, ImapToolsError, OSError):
            return False
        return True

    def _forget(self) -> None:
        mailbox, self._mailbox, self._idles = self._mailbox, None, False
        if mailbox is not None:
            mailbox.client.shutdown()


def _number(status: dict[str, int], name: str) -> int:
    if name not in status:
        raise MailboxFolderStatusError(("NO", [f"no {name}".encode()]), "OK")
    return status[name]
