"""Mails of a folder as the very bytes that the server holds, a bounded number at a time; and taking some away."""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError, MailboxUidsError

from sales_campaigns.clock import machine_now

# What is read of one mail: headers, words and reports stand at its beginning, attachments behind them.
LONGEST = 2_000_000
TOGETHER = 20
_OLDEST_YEAR = 1970
_UID = re.compile(rb"\bUID (\d+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Fetched(NamedTuple):
    uid: int
    at: datetime
    raw: bytes


def uids_after(mailbox: BaseMailBox, uid: int) -> list[int]:
    """In order. A server answers `9:*` with its last mail even where that is below 9 (RFC 3501 section 6.4.8)."""
    return sorted(found for found in _search(mailbox, f"UID {uid + 1}:*") if found > uid)


def uids_since(mailbox: BaseMailBox, days: int) -> list[int]:
    """What came in during the last `days`; a day more, because servers have a zone of their own."""
    day = machine_now() - timedelta(days=days + 1)
    return sorted(_search(mailbox, f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"))


def uids_named(mailbox: BaseMailBox, message_id: str) -> list[int]:
    """The mails with this Message-ID."""
    quoted = message_id.replace("\\", "\\\\").replace('"', '\\"')
    return _search(mailbox, f'HEADER Message-ID "{quoted}"') if message_id.isascii() else []


def fetch(mailbox: BaseMailBox, uids: Sequence[int]) -> Iterator[Fetched]:
    """Nothing is marked as seen. A mail that is gone meanwhile is left out."""
    for first in range(0, len(uids), TOGETHER):
        chunk = ",".join(str(uid) for uid in uids[first : first + TOGETHER])
        what = f"(UID INTERNALDATE BODY.PEEK[]<0.{LONGEST}>)"
        answer, parts = mailbox.client.uid("FETCH", chunk, what)
        if answer != "OK":
            raise MailboxFetchError((answer, parts), "OK")
        yield from _mails(parts)


def take_away(mailbox: BaseMailBox, folder: str, uids: Sequence[int], *, expunge: bool) -> None:
    """Without `expunge` they stay there, marked, until somebody expunges the folder: others may be marked too."""
    mailbox.folder.set(folder)
    chunk = ",".join(map(str, uids))
    commands = [("STORE", chunk, "+FLAGS", r"(\Deleted)"), *([("EXPUNGE", chunk)] if expunge else [])]
    for command in commands:
        answer, said = mailbox.client.uid(*command)
        if answer != "OK":
            raise MailboxFetchError((answer, said), "OK")


def _mails(parts: Sequence[Any]) -> Iterator[Fetched]:
    """imaplib gives a mail as a pair, and what the server says behind its bytes as a part of its own."""
    for number, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        behind = parts[number + 1] if number + 1 < len(parts) else b""
        head = part[0] + (behind if isinstance(behind, bytes) else b"")
        if found := _UID.search(head):
            yield Fetched(int(found[1]), _came_in(head), part[1][:LONGEST])


def _came_in(head: bytes) -> datetime:
    """Now, where the server names no date, or one of before there was mail."""
    try:
        local = imaplib.Internaldate2tuple(head)
        at = datetime.fromtimestamp(time.mktime(local), UTC) if local else None
    except (ValueError, OverflowError):
        at = None
    return at if at and at.year >= _OLDEST_YEAR else machine_now()


def _search(mailbox: BaseMailBox, criteria: str) -> list[int]:
    answer, found = mailbox.client.uid("SEARCH", criteria)
    if answer != "OK":
        raise MailboxUidsError((answer, found), "OK")
    return list({int(uid): None for uid in (found[0] or b"").split()})
