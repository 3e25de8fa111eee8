"""What the domain asks of the outside: plain records and protocols. Adapters import only this, errors and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sales_campaigns.errors import Outside


@dataclass(frozen=True, slots=True)
class MailAccount:
    """How to reach one mailbox. `secret` is the opened password, or (`token`) an access token; never logged.

    `connections` is how many may be used side by side at most.
    """

    id: int
    provider: str
    address: str
    host: str = ""
    port: int = 0
    security: str = "none"  # none | starttls | tls
    username: str = ""
    secret: str = ""
    connections: int = 1
    token: bool = False

    def __repr__(self) -> str:
        return f"MailAccount({self.id}, {self.provider}, {self.address})"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one recipient, ready to be handed over: `key` is the caller's own name for it.

    `mime` is the whole message with CRLF line ends; `sender` and `recipients` are envelope addresses
    whose domains are already A-labels. `needs_utf8` says that SMTPUTF8 is required (non-ASCII local part).
    `begins` is called before the first byte of the message leaves, where the provider `announces`.
    """

    key: int
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    mime: bytes
    needs_utf8: bool = False
    begins: Callable[[], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class HandOver:
    """What became of one mail: accepted with the server's own words, or refused with an error.

    `confirms`: the server was asked for a notice of the delivery, and said that it gives one.
    """

    key: int
    reply: str = ""
    code: int | None = None
    refused: Outside | None = None
    provider_id: str | None = None
    thread_id: str | None = None
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail found in a mailbox: `uid` is its name there for good, so that what is read twice is one mail.

    `at` is when it came in, in business time. `own` says that it is a copy of what the owner sent.
    """

    uid: str
    at: datetime
    raw: bytes
    own: bool = False
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a mailbox holds since a cursor, and the cursor for the next time.

    `rescanned`: the old cursor had expired, so the mails reach back a bounded time and some may be known.
    `more`: this is not all, ask again with the new cursor.
    """

    mails: tuple[IncomingMail, ...]
    cursor: str
    rescanned: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    drafts: bool = False
    push: bool = False
    find_by_message_id: bool = False
    confirms_deliveries: bool = False
    announces: bool = False


class MailProvider(Protocol):
    """One mailbox as seen by the dispatcher. Connections are kept between calls; `close` gives them back."""

    capabilities: Capabilities

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        """Send in order and yield one HandOver a mail as soon as its outcome is known. Never raises for a mail."""
        ...

    def check(self) -> int | None:
        """One harmless round trip; raises Outside with what to do. Bytes of the largest mail, None where unknown."""
        ...

    def close(self) -> None: ...


class MailProviders(Protocol):
    """Opens the provider of an account, by its name (`smtp`, later `gmail` and `outlook`)."""

    def open(self, account: MailAccount) -> MailProvider: ...


class MailReader(Protocol):
    """One mailbox as it is read. All of it raises Outside; `close` gives the connection back."""

    def changes(self, cursor: str) -> Changes:
        """What came in, and what its owner sent, since the cursor; "" reaches back a bounded time."""
        ...

    def is_sent(self, message_id: str) -> bool:
        """Whether the mail stands among the sent ones. Yes is proof that it left; no proves nothing."""
        ...

    def file_copy(self, mime: bytes, at: datetime) -> None:
        """Put a mail that left `at` among the sent ones."""
        ...

    def check(self) -> int | None:
        """One harmless round trip; raises Outside with what to do. Bytes of the largest mail, None where unknown."""
        ...

    def close(self) -> None: ...


class MailReaders(Protocol):
    """Opens the reader of an account. Between two looks the server may be asked to speak up."""

    def open(self, account: MailAccount) -> MailReader: ...

    def stirred(self) -> Sequence[int]:
        """The accounts whose server has said something since they were looked at. Never waits."""
        ...


class Deed(StrEnum):
    """What a scripted recipient, or the recipient's server, does with a mail."""

    OPEN = "open"
    CLICK = "click"
    REPLY = "reply"
    OUT_OF_OFFICE = "out_of_office"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    HARD = "hard"
    SOFT = "soft"
    SOFT_THEN_FINE = "soft then fine"


@dataclass(frozen=True, slots=True)
class Act:
    """One deed, so long `after` the mail was taken; a bounce without a delay is a refusal at the hand-over.

    `text` is what is written back, `until` the last day away of somebody who is out of office, or how long that is.
    """

    deed: Deed
    after: timedelta = timedelta()
    text: str = ""
    until: date | timedelta | None = None


# What an address does with the n-th mail that it gets, counted from 1. The same for the same address, always.
Script = Callable[[str, int], Sequence[Act]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the sandbox took, and when, in business time."""

    at: datetime
    mail: OutgoingMail


@dataclass(frozen=True, slots=True)
class Look:
    """A recipient opened a mail, or (`clicked`) followed a link in it."""

    at: datetime
    message_id: str
    recipient: str
    clicked: bool


class Sandbox(Protocol):
    """The outside of a rehearsal: takes every mail, lets none out, and does what its script says in due time."""

    taken: list[Taken]

    def open(self, account: MailAccount) -> MailProvider: ...

    def changes(self, address: str, cursor: str) -> Changes:
        """What came into this mailbox since the cursor, until now; "" is the beginning."""
        ...

    def looks(self, since: int) -> Sequence[Look]:
        """Opens and clicks until now, beginning with number `since`."""
        ...

    def next_event(self, after: datetime) -> datetime | None:
        """When a recipient acts next."""
        ...


# Makes a sandbox from its script and the clock of the rehearsal.
SandboxMaker = Callable[[Script, Callable[[], datetime]], Sandbox]


class CaughtMail(Protocol):
    """One mail that the demo's own server took: where it went, what it says, and its bytes."""

    @property
    def id(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def envelope_to(self) -> tuple[str, ...]: ...
    @property
    def date(self) -> datetime | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def from_(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def raw(self) -> bytes: ...


class CaughtThread(Protocol):
    """The mails of one conversation, oldest first."""

    @property
    def mails(self) -> Sequence[CaughtMail]: ...
    @property
    def subject(self) -> str: ...


class CaughtMails(Protocol):
    """Reads what the demo's mail catcher holds."""

    def get(self, number: int) -> CaughtMail: ...
    def threads(self, limit: int = 50) -> Sequence[CaughtThread]: ...
    def __len__(self) -> int: ...


class NameServers(Protocol):
    """What domains say about themselves."""

    def texts(self, name: str) -> Sequence[str]:
        """The TXT records at `name`, none where there are none. Raises Outside when nobody answers."""
        ...


@dataclass(frozen=True, slots=True)
class OutsideWorld:
    """Every adapter the composition root connected, handed to web and scheduler. `caught`: the demo only."""

    mail: MailProviders
    caught: CaughtMails | None = None
    readers: MailReaders | None = None
    names: NameServers | None = None
