"""What the domain asks of a provider that says by itself when something is new in a mailbox: it knocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sales_campaigns.ports.mail import MailAccount


@dataclass(frozen=True, slots=True)
class Knock:
    """Something is new in the mailbox of this address, lower case. `number` grows with each change of it."""

    address: str
    number: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What was fetched: each may come more than once, and in any order.

    `receipts` are those of everything that came, of what says nothing to us, too.
    """

    knocks: tuple[Knock, ...] = ()
    receipts: tuple[str, ...] = ()


class Knocks(Protocol):
    """All of it raises Outside. `key` is what the administrator has laid down for this provider (see Delegation)."""

    provider: str

    def watch(self, account: MailAccount) -> datetime:
        """Ask that the changes of this mailbox be told; until when they are, in machine time."""
        ...

    def pull(self, key: str) -> Heard:
        """What was told and not acknowledged; waits a few seconds where there is nothing."""
        ...

    def acknowledge(self, key: str, receipts: Sequence[str]) -> None:
        """These need not be told again."""
        ...
