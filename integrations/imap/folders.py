"""Which folders of a mailbox are read: the inbox, those that bounces and junk go to, and that of sent mail. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

INBOX = "INBOX"
# What servers and mail programs name them where none is marked as RFC 6154 says.
SENT_NAMES = {
    "sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte",
    "envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata", "inviati", "verzonden",
    "verzonden items", "skickat", "skickade", "wysłane",
}  # fmt: skip
BOUNCE_NAMES = {"bounces", "bounce"}


class Listed(NamedTuple):
    """One line of LIST: the full name, what separates its levels, its flags."""

    name: str
    separator: str
    flags: tuple[str, ...]


class Folders(NamedTuple):
    """`sent` is "" where there is none. `read` holds all that is read for mail of others."""

    read: tuple[str, ...]
    sent: str


def folders_of(listed: Iterable[Listed]) -> Folders:
    """Junk is read too: a reply that a filter took for junk is a reply."""
    open_ones = [one for one in listed if not _has(one, "\\noselect") and not _has(one, "\\nonexistent")]
    named = [one.name for one in open_ones if _has(one, "\\junk") or _last(one) in BOUNCE_NAMES]
    marked = [one.name for one in open_ones if _has(one, "\\sent")]
    sent = marked or [one.name for one in open_ones if _last(one) in SENT_NAMES]
    return Folders((INBOX, *(name for name in named if name.upper() != INBOX)), sent[0] if sent else "")


def _has(one: Listed, flag: str) -> bool:
    return any(given.lower() == flag for given in one.flags)


def _last(one: Listed) -> str:
    return one.name.rpartition(one.separator)[2].lower() if one.separator else one.name.lower()
