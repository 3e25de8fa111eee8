"""What a rehearsal asks of the outside: a sandbox that plays the recipients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sales_campaigns.ports.mail import Changes, MailAccount, MailProvider, OutgoingMail


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
