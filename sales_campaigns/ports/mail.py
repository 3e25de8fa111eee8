"""What the domain asks of a mailbox: send, read, tell what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from sales_campaigns.errors import Outside


@dataclass(frozen=True, slots=True)
class MailAccount:
    """How to reach one mailbox. `secret` is the opened password, or (`token`) an access token; never logged.

    `connections` is how many may be used side by side at most. `reported`: what becomes of its mails is told by events.
    `scopes` are those that were granted with the token. `renew` gives another token for one that the provider no longer
    takes; it raises Outside (authorisation lost) when there is none to be had.
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
    reported: bool = False
    token: bool = False
    scopes: tuple[str, ...] = ()
    renew: Callable[[str], str] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"MailAccount({self.id}, {self.provider}, {self.address})"


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a mail stands in a conversation, in the provider's own names: the thread, and the mail it answers.

    Either may be unknown (None): a mail that came by another provider, or one that was sent before it was connected.
    """

    thread_id: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one recipient, ready to be handed over: `key` is the caller's own name for it.

    `mime` is the whole message with CRLF line ends; `sender` and `recipients` are envelope addresses
    whose domains are already A-labels. It is for the first recipient; the others get copies.
    `needs_utf8` says that SMTPUTF8 is required (non-ASCII local part).
    `begins` is called before the first byte of the message leaves, where the provider `announces`.

    For a provider with drafts: `send_key` names this mail for good, whoever hands it over and how often; the draft
    carries it. `thread` is None where the mail begins one. `draft_id` is a draft that was made for it earlier; `again`
    says that it was in hand before, so that a draft of it may stand there whose id nobody kept.
    `drafted` is told the id of a new draft before anything is sent: it keeps it, and raises when this mail is no
    longer the caller's to send; then nothing is sent, and what it raised is passed on.
    """

    key: int
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    mime: bytes
    needs_utf8: bool = False
    begins: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    send_key: str = ""
    thread: ThreadPlace | None = None
    draft_id: str | None = None
    again: bool = False
    drafted: Callable[[str], None] | None = field(default=None, compare=False, repr=False)


class HandOver(NamedTuple):
    """What became of one mail: accepted with the server's own words, or refused with an error.

    `confirms`: notice of the delivery is to come, by a server that was asked for it or as an event. `message_id`: the
    real one, read back, where the provider may have given it another; None where it keeps ours. `left_out`: (recipient,
    the server's words) of copies that were refused, while the mail was taken.
    """

    key: int
    reply: str = ""
    code: int | None = None
    refused: Outside | None = None
    provider_id: str | None = None
    thread_id: str | None = None
    confirms: bool = False
    message_id: str | None = None
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail found in a mailbox: `uid` is its name there for good, so that what is read twice is one mail.

    `at` is when it came in, in business time. `own` says that it is a copy of what the owner sent.
    `send_key` is ours, where the provider keeps it beside the bytes; in them it stands in `X-Sales-Campaigns-Key`.
    """

    uid: str
    at: datetime
    raw: bytes
    own: bool = False
    thread_id: str | None = None
    send_key: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a mailbox holds since a cursor, and the cursor for the next time.

    `rescanned`: the old cursor had expired, so the mails reach back a bounded time and some may be known.
    `more`: this is not all, ask again with the new cursor. `scheduled`: mails that the owner has told the provider to
    send later.
    """

    mails: tuple[IncomingMail, ...]
    cursor: str
    rescanned: bool = False
    more: bool = False
    scheduled: tuple[IncomingMail, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`find_by_key`: a mail in doubt can be looked for by its send key, so that no person need be asked.

    `open_link`: a draft has an address that opens it for the rep.
    """

    drafts: bool = False
    open_link: bool = False
    find_by_key: bool = False
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

    def discard(self, uids: Sequence[str]) -> bool:
        """Take these mails away, by their uids; False where what was granted does not allow it."""
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
