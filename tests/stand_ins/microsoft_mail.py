"""One Outlook mailbox in memory: messages whose ids last, in folders, with what entered each folder and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from itertools import count
from typing import Any
from zlib import crc32

from sales_campaigns.clock import machine_now
from tests.stand_ins.google_mail import Left, header_in, to_nobody

IN_REPLY_TO, REFERENCES, UNSUBSCRIBE = "String 0x1042", "String 0x1039", "String 0x1045"
PEOPLE = ("toRecipients", "ccRecipients", "bccRecipients")


@dataclass
class Item:
    """A message as the mailbox holds it. `raw` are the bytes of one that came, or was sent."""

    id: str
    folder: str
    name: str
    thread_id: str
    at: datetime
    draft: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: bytes = b""
    changes: int = 0
    changed_at: datetime | None = None  # None: as it was made

    @property
    def change_key(self) -> str:
        """Another one after whatever is written in it or enclosed with it."""
        return f"CQAAABYA{self.changes}"

    def people(self, *names: str) -> list[str]:
        return [one["emailAddress"]["address"] for name in names for one in self.fields.get(name, [])]

    def write(self, fields: dict[str, Any]) -> None:
        self.changes += 1
        given = dict(fields)
        for one in given.pop("singleValueExtendedProperties", []):
            self.properties[one["id"]] = one["value"]
        self.fields |= given


@dataclass
class OutlookBox:
    """`licensed`: without it there is no mailbox. `renames`: a mail gets another Message-ID when it is sent.

    `lags`: what is sent from now on is found nowhere yet, and what is drafted is in no list.
    """

    address: str
    tenant: str = ""
    mails: dict[str, Item] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    entered: list[tuple[int, str, str, str]] = field(default_factory=list)  # (number, folder, what, id)
    oldest: int = 0
    licensed: bool = True
    renames: bool = False
    lags: bool = False
    late: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    now: Callable[[], datetime] = machine_now
    deliver: Callable[[Left], None] = to_nobody
    _order: Iterator[int] = field(default_factory=lambda: count(1000))

    @property
    def drafts(self) -> dict[str, Item]:
        return {one.id: one for one in self.mails.values() if one.draft and one.folder == "drafts"}

    @property
    def sent(self) -> list[Item]:
        return [one for one in self.mails.values() if one.folder == "sentitems"]

    def number(self) -> int:
        """Up to which everything was told: what is late is told later."""
        late = [at for at, _, _, id in self.entered if id in self.late]
        if late:
            return min(late) - 1
        return self.entered[-1][0] if self.entered else self.oldest

    def comes_in(self, raw: bytes, folder: str = "inbox", thread_id: str = "") -> Item:
        """A mail of somebody else."""
        named = f"{header_in(raw, 'References')} {header_in(raw, 'In-Reply-To')}".split()
        known = next((one.thread_id for one in self.mails.values() if one.name in named), "")
        name = header_in(raw, "Message-ID")
        return self._add(folder, raw=raw, name=name, thread_id=thread_id or known)

    def new_draft(self, fields: dict[str, Any], thread_id: str = "") -> Item:
        item = self._add("drafts", draft=True, thread_id=thread_id)
        item.write(fields)
        if self.lags:
            self.unlisted.add(item.id)
        return item

    def answer_to(self, id: str, fields: dict[str, Any]) -> Item:
        """As Outlook begins an answer: to whoever wrote, be it the owner, with a quote of its own."""
        before = self.mails[id]
        subject = str(before.fields.get("subject") or header_in(before.raw, "Subject"))
        own = {"subject": f"RE: {subject}", "body": {"contentType": "html", "content": "<hr>From: …"}}
        item = self.new_draft({**own, "toRecipients": [person(self.address)]}, before.thread_id)
        item.properties[IN_REPLY_TO] = before.name
        item.properties[REFERENCES] = f"{before.properties.get(REFERENCES, '')} {before.name}".strip()
        item.write(fields)
        return item

    def throw_away(self, id: str) -> None:
        """As a person deletes it: it lies among the deleted mails."""
        self.mails[id].folder = "deleteditems"
        self.mails[id].changes += 1
        self._enter(self.mails[id], "created")

    def send_draft(self, id: str) -> Item:
        item = self.mails[id]
        item.draft, item.folder, item.at = False, "sentitems", self.now()
        if self.renames:
            item.name = self._name()
        item.raw = _as_sent(self.address, item)
        self.left.append(Left(tuple(item.people(*PEOPLE)), item.raw))
        self.deliver(self.left[-1])
        self._enter(item, "created")
        if self.lags:
            self.late.add(id)
        return item

    def send(self, raw: bytes, thread_id: str = "") -> Item:
        """A mail that the owner writes in another program: the copy among the sent ones is an item of its own."""
        item = self._add("sentitems", raw=raw, name=header_in(raw, "Message-ID"), thread_id=thread_id)
        to = (header_in(raw, "To"), header_in(raw, "Cc"))
        self.left.append(Left(tuple(address for address in to if address), raw))
        self.deliver(self.left[-1])
        return item

    def seen(self, id: str) -> Item | None:
        return None if id in self.late else self.mails.get(id)

    def catch_up(self) -> None:
        self.late.clear()
        self.unlisted.clear()
        self.lags = False

    def forget_history(self) -> None:
        """What a client held of it is too old."""
        self.oldest = self.number()

    def touch(self, id: str) -> None:
        """It was read, flagged or filed under a category."""
        self._enter(self.mails[id], "updated")

    def remove(self, id: str) -> None:
        self._enter(self.mails.pop(id), "deleted")

    def since(self, folder: str, number: int, what: str) -> list[Item]:
        ids = [id for at, where, kind, id in self.entered if at > number and where == folder and kind == what]
        return [self.mails[id] for id in dict.fromkeys(ids) if id in self.mails and id not in self.late]

    def _enter(self, item: Item, what: str) -> None:
        self.entered.append((next(self._order), item.folder, what, item.id))

    def _name(self) -> str:
        """No two mailboxes give the same one."""
        mailbox = crc32(self.address.encode())
        return f"<AM0PR{next(self._order)}MB{mailbox:08X}@eurprd.prod.outlook.example>"

    def _add(
        self,
        folder: str,
        *,
        draft: bool = False,
        raw: bytes = b"",
        name: str = "",
        thread_id: str = "",
    ) -> Item:
        order = next(self._order)
        id, thread = f"AAkALg{order}_-=", thread_id or f"AAQk{order}="
        item = Item(id, folder, name or self._name(), thread, self.now(), draft=draft, raw=raw)
        self.mails[id] = item
        self._enter(item, "created")
        return item


def person(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": address}}


def _as_sent(sender: str, item: Item) -> bytes:
    """The bytes that leave, without files: Outlook writes them from what the draft says."""
    mail = EmailMessage()
    mail["Message-ID"], mail["From"] = item.name, sender
    for name, header in (("toRecipients", "To"), ("ccRecipients", "Cc")):
        if item.people(name):
            mail[header] = ", ".join(item.people(name))
    mail["Subject"] = item.fields.get("subject", "")
    for id, header in (
        (IN_REPLY_TO, "In-Reply-To"),
        (REFERENCES, "References"),
        (UNSUBSCRIBE, "List-Unsubscribe"),
    ):
        if item.properties.get(id):
            mail[header] = item.properties[id]
    body = item.fields.get("body", {"contentType": "text", "content": ""})
    mail.set_content(body["content"], subtype="html" if body["contentType"].lower() == "html" else "plain")
    return mail.as_bytes()
