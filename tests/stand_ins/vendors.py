"""Those that let us into a mailbox by consent, under the same names: what holds for one of them holds for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sales_campaigns.clock import machine_now
from sales_campaigns.ports import Granted, Tokens
from tests.stand_ins import microsoft, worlds
from tests.stand_ins.google import Google, error
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.microsoft_mail import OutlookBox
from tests.stand_ins.serving import Reply

Box = GmailBox | OutlookBox


@dataclass(frozen=True)
class Calls:
    """What each step of handing a mail over is called; `answers` are those that tell what became of it.

    `reply` begins a draft in the thread of a mail, `fill` is the call after it that a draft is finished by.
    """

    create: str
    send: str
    read: str
    answers: tuple[str, ...]
    reply: str
    fill: str

    @property
    def steps(self) -> dict[str, str]:
        return {"create": self.create, "send": self.send, "read": self.read}


@dataclass(frozen=True)
class Vendor:
    """One provider with its stand-in. `trouble` and `slow_down` are how it says that."""

    name: str
    server: Google | Microsoft
    scopes: tuple[str, ...]
    calls: Calls
    trouble: Reply
    slow_down: Reply

    def box(self, address: str) -> Box:
        return self.server.box(address)

    def granted(self, address: str) -> Granted:
        """As after a consent, with a token that counts for an hour."""
        lasting = self.server.tokens.lasting(address, self.scopes)
        tokens = Tokens(self.server.token_of(address, *self.scopes), lasting)
        return Granted(tokens, self.scopes, address, machine_now() + timedelta(hours=1))


GMAIL = Calls(
    "drafts.create",
    "drafts.send",
    "messages.get",
    ("drafts.send", "drafts.get", "messages.list", "messages.get"),
    "drafts.create",
    "messages.get",
)
OUTLOOK = Calls(
    "messages.create",
    "messages.send",
    "messages.get",
    ("messages.send", "messages.get", "messages.list"),
    "messages.create_reply",
    "messages.update",
)


@contextmanager
def vendor_called(name: str) -> Iterator[Vendor]:
    later = {"Retry-After": "1"}
    if name == "gmail":
        trouble = error(500, "backendError", "Backend Error")
        slow_down = error(429, "rateLimitExceeded", "later", later)
        with Google() as google:
            yield Vendor(name, google, worlds.SCOPES, GMAIL, trouble, slow_down)
    else:
        trouble = graph_error(500, "InternalServerError", "Oops")
        slow_down = graph_error(429, "ApplicationThrottled", "later", later)
        with Microsoft() as made:
            yield Vendor(name, made, microsoft.SCOPES, OUTLOOK, trouble, slow_down)
