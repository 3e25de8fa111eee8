"""One Gmail mailbox in memory: messages with labels, drafts, and the history of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.utils import getaddresses
from itertools import count
from typing import Any

from sales_campaigns.clock import machine_now


@dataclass
class Mail:
    """A message as the mailbox holds it. `order` grows with time."""

    id: str
    thread_id: str
    raw: bytes
    labels: set[str]
    order: int
    at_ms: int

    @property
    def name(self) -> str:
        return self.header("Message-ID")

    @property
    def headers(self) -> list[tuple[str, str]]:
        parsed = message_from_bytes(self.raw, policy=policy.compat32)
        return [(name, str(value)) for name, value in parsed.items()]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Left:
    """A mail that left for somebody: to whom, and what they get."""

    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message_id(self) -> str:
        return header_in(self.raw, "Message-ID")


def to_nobody(_left: Left) -> None:
    """Nobody else has a mailbox here."""


@dataclass
class GmailBox:
    """`renames`: Gmail gives mails a Message-ID of its own. `lags`: what is sent or drafted from now on is in no list.

    `now`: what its clock says.
    """

    address: str
    mails: dict[str, Mail] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    history: list[tuple[int, str, str]] = field(default_factory=list)  # (id, what, message)
    oldest_history: int = 1
    renames: bool = False
    lags: bool = False
    now: Callable[[], datetime] = machine_now
    deliver: Callable[[Left], None] = to_nobody
    _late: set[str] = field(default_factory=set)
    _order: Iterator[int] = field(default_factory=lambda: count(1000))

    @property
    def sent(self) -> list[Mail]:
        return [one for one in self.mails.values() if "SENT" in one.labels]

    def history_id(self) -> int:
        return self.history[-1][0] if self.history else self.oldest_history

    def comes_in(self, raw: bytes, *labels: str, thread_id: str = "") -> Mail:
        """A mail of somebody else."""
        return self._add(raw, {"INBOX", "UNREAD", *labels}, thread_id or self._thread_of(raw))

    def new_draft(self, raw: bytes, thread_id: str = "") -> str:
        mail = self._add(raw, {"DRAFT"}, thread_id or self._thread_of(raw))
        id = f"r-{mail.order}"
        self.drafts[id] = mail.id
        if self.lags:
            self._late.add(mail.id)
        return id

    def listed_drafts(self) -> list[str]:
        """Their ids, newest first."""
        return [id for id, mail in reversed(self.drafts.items()) if mail not in self._late]

    def rewrite(self, draft_id: str, raw: bytes) -> None:
        """The draft keeps its id, its message does not."""
        before = self._remove(self.drafts[draft_id])
        self.drafts[draft_id] = self._add(raw, {"DRAFT"}, before.thread_id).id

    def throw_away(self, draft_id: str) -> None:
        self._remove(self.drafts.pop(draft_id))

    def send_draft(self, draft_id: str) -> Mail:
        before = self._remove(self.drafts.pop(draft_id))
        return self.send(before.raw, before.thread_id)

    def schedule(self, draft_id: str) -> Mail:
        """The owner lets Gmail send it later: it stands among the scheduled ones, and no more among the drafts."""
        before = self._remove(self.drafts.pop(draft_id))
        return self._add(before.raw, {"SCHEDULED"}, before.thread_id)

    def send_scheduled(self, id: str) -> Mail:
        before = self._remove(id)
        return self.send(before.raw, before.thread_id)

    def send(self, raw: bytes, thread_id: str = "") -> Mail:
        mail = self._add(self._as_sent(raw), {"SENT"}, thread_id or self._thread_of(raw))
        parsed = message_from_bytes(raw, policy=policy.compat32)
        fields = [str(value) for name in ("to", "cc", "bcc") for value in parsed.get_all(name, [])]
        recipients = tuple(address for _, address in getaddresses(fields))
        self.left.append(Left(recipients, without_bcc(mail.raw)))
        self.deliver(self.left[-1])
        if self.lags:
            self._late.add(mail.id)
        return mail

    def listed(self, labels: set[str], query: str = "") -> list[Mail]:
        """Newest first, without what the index has not taken in yet."""
        wanted = query.partition("rfc822msgid:")[2].split(" ")[0]
        found = [
            one
            for one in self.mails.values()
            if labels <= one.labels
            and one.id not in self._late
            and "DRAFT" not in one.labels
            and (not wanted or one.header("Message-ID").strip("<>") == wanted)
        ]
        return sorted(found, key=lambda one: -one.order)

    def catch_up(self) -> None:
        """The index has everything."""
        self._late.clear()
        self.lags = False

    def forget_history(self) -> None:
        """What a client held of the history is too old."""
        self.oldest_history = self.history_id()

    def since(self, start: int) -> list[tuple[int, str, Mail]]:
        return [
            (id, what, self.mails[mail])
            for id, what, mail in self.history
            if id > start and mail in self.mails
        ]

    def _as_sent(self, raw: bytes) -> bytes:
        if not self.renames:
            return raw
        head, gap, body = raw.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"message-id:")]
        name = f"Message-ID: <CA+{next(self._order)}@mail.gmail.com>".encode()
        return b"\r\n".join([*lines, name]) + gap + body

    def _thread_of(self, raw: bytes) -> str:
        """Gmail finds the thread of a mail by the ids that it answers to."""
        parsed = message_from_bytes(raw, policy=policy.compat32)
        named = f"{parsed.get('References', '')} {parsed.get('In-Reply-To', '')}".split()
        return next((one.thread_id for one in self.mails.values() if one.header("Message-ID") in named), "")

    def _add(self, raw: bytes, labels: set[str], thread_id: str) -> Mail:
        order = next(self._order)
        mail = Mail(
            f"m{order:x}",
            thread_id or f"t{order:x}",
            raw,
            labels,
            order,
            int(self.now().timestamp() * 1000),
        )
        self.mails[mail.id] = mail
        self.history.append((next(self._order), "messagesAdded", mail.id))
        return mail

    def _remove(self, id: str) -> Mail:
        self.history.append((next(self._order), "messagesDeleted", id))
        return self.mails.pop(id)


def header_in(raw: bytes, name: str) -> str:
    return str(message_from_bytes(raw, policy=policy.compat32).get(name, ""))


def without_bcc(raw: bytes) -> bytes:
    head, gap, body = raw.partition(b"\r\n\r\n")
    return (
        b"\r\n".join(one for one in head.split(b"\r\n") if not one.lower().startswith(b"bcc:")) + gap + body
    )


def resource(mail: Mail, shape: str, wanted: list[str] | None = None) -> dict[str, Any]:
    """The resource Message in one of its formats."""
    shown: dict[str, Any] = {
        "id": mail.id,
        "threadId": mail.thread_id,
        "labelIds": sorted(mail.labels),
        "historyId": str(mail.order),
        "internalDate": str(mail.at_ms),
        "sizeEstimate": len(mail.raw),
    }
    if shape in ("metadata", "full"):
        names = {name.lower() for name in wanted or []}
        headers = [{"name": n, "value": v} for n, v in mail.headers if not names or n.lower() in names]
        shown["payload"] = {"mimeType": "text/plain", "headers": headers}
    return shown
