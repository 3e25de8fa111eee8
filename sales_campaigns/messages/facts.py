"""The facts that the rules of the gate are asked about, from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.verdicts import Facts
from sales_campaigns.people.suppression import SENTENCES

MISSING = "its hold is missing"
Stopped = tuple[tuple[str, str], ...]


class Held(Protocol):
    @property
    def stopped(self) -> bool: ...

    @property
    def why(self) -> str: ...


def stopped_by(names: Iterable[tuple[str, int]], found: Mapping[str, Held]) -> Stopped:
    """(kind, why) of the holds that stop it; what a message names must be there, so a missing one stops it too."""
    stopped = tuple((kind, hold.why) for kind, hold in sorted(found.items()) if hold.stopped)
    return stopped + tuple((kind, MISSING) for kind, _ in names if kind not in found)


def facts_of(
    message: Message,
    mailbox: Mailbox,
    sender: User,
    stopped: tuple[tuple[str, str], ...],
    cause: str | None,
    now: datetime,
) -> Facts:
    """What the rules are asked about, from rows; `stopped` are holds as (kind, why)."""
    return Facts(
        now=now,
        machine_now=machine_now(),
        stopped=stopped,
        sender_active=sender.active,
        mailbox_connected=mailbox.state is MailboxState.CONNECTED,
        mailbox_waits_until=mailbox.paused_until,
        cause=cause,
        forbidden=SENTENCES[cause] if cause else "",
        due_at=message.due_at,
        late_at=message.late_at,
        valid_until=message.valid_until,
        attempts=message.attempts,
    )
