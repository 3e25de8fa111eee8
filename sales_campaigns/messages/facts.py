"""The facts that the rules of the gate are asked about, read without locks: to explain, not to decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.messages.verdicts import Facts
from sales_campaigns.people.suppression import SENTENCES

MISSING = "its hold is missing"
# What the rules are told of the message itself.
told_of = attrgetter("due_at", "late_at", "valid_until", "attempts")


def stopped_by(names: Iterable[tuple[str, int]], found: Mapping[tuple[str, int], Hold]) -> dict[str, str]:
    """Kind → why, of the holds that stop it; what a message names must be there, so a missing one stops it too."""
    mine = {kind: found.get((kind, key)) for kind, key in names}
    return {
        kind: hold.why if hold is not None else MISSING
        for kind, hold in mine.items()
        if hold is None or hold.stopped
    }


def facts_of(
    message: Message | DueMail,
    mailbox: Mailbox,
    sender: User,
    stopped: Mapping[str, str],
    cause: str | None,
    now: datetime,
) -> Facts:
    """What the rules are asked about, from rows (columns will do); `stopped` are the holds that stop it."""
    due_at, late_at, valid_until, attempts = told_of(message)
    return Facts(
        now=now,
        machine_now=machine_now(),
        held=next(iter(stopped.values()), None),
        sender_active=sender.active,
        mailbox_connected=mailbox.state is MailboxState.CONNECTED,
        mailbox_waits_until=mailbox.paused_until,
        unwanted=(cause, SENTENCES[cause]) if cause else None,
        due_at=due_at,
        late_at=late_at,
        valid_until=valid_until,
        attempts=attempts,
    )
