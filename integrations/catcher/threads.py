"""A caught mail as it is read, and which mails belong to one conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One caught mail. `id` grows with arrival; the ids of mails keep their angle brackets.

    `date` is what the Date header says, None when it says nothing readable; times are aware, UTC.
    """

    id: int
    received_at: datetime
    envelope_from: str
    envelope_to: tuple[str, ...]
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    date: datetime | None
    subject: str
    from_: str
    to: str
    text: str
    html: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Thread:
    """The mails of one conversation, oldest first."""

    mails: tuple[StoredMail, ...]

    @property
    def subject(self) -> str:
        return self.mails[0].subject

    @property
    def last(self) -> StoredMail:
        return self.mails[-1]


def grouped(mails: Iterable[StoredMail]) -> list[Thread]:
    """The conversations, the most lately moved first. The rule: Message-ID, In-Reply-To and References join.

    Mails that name the same unknown mail belong together too: their common ancestor was never caught.
    """
    ordered = sorted(mails, key=lambda mail: mail.id)
    roots = _roots(ordered)
    members: dict[str, list[StoredMail]] = {}
    for mail in ordered:
        members.setdefault(_root(roots, _own_name(mail)), []).append(mail)
    threads = [Thread(tuple(group)) for group in members.values()]
    return sorted(threads, key=lambda thread: thread.last.id, reverse=True)


def _roots(mails: Sequence[StoredMail]) -> dict[str, str]:
    """Each name's way towards the name that stands for its conversation."""
    roots: dict[str, str] = {}
    for mail in mails:
        for name in (*mail.references, mail.in_reply_to):
            if name:
                roots[_root(roots, name)] = _root(roots, _own_name(mail))
    return roots


def _root(roots: dict[str, str], name: str) -> str:
    while (parent := roots.get(name, name)) != name:
        roots[name] = roots.get(parent, parent)  # shorten the way for the next one
        name = parent
    return name


def _own_name(mail: StoredMail) -> str:
    return mail.message_id or f"mail {mail.id}"  # a space keeps it apart from every Message-ID
