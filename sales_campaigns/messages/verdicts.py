"""What the gate says to a message, and why: the same rules decide when it leaves and explain why it waits.

Pure: whoever asks brings the facts as they stand, read with or without locks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message does not leave now: `event` is a move of its lifecycle, `reason` a word, `words` a sentence."""

    event: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One message and what it hangs on. `now` is business time, `machine_now` and `mailbox_waits_until` machine time.

    `held`: the words of the first hold that is stopped, None while none is. `unwanted`: (cause, sentence) of what
    forbids writing to this person, None while nothing does. `attempts`: hand-overs begun so far. `paced_until`:
    when the limits that it keeps let it through, in machine time, None while they do; `paced_by` tells which one.
    """

    now: datetime
    machine_now: datetime
    held: str | None
    sender_active: bool
    mailbox_connected: bool
    mailbox_waits_until: datetime | None
    unwanted: tuple[str, str] | None
    due_at: datetime
    late_at: datetime | None
    valid_until: datetime
    attempts: int = 0
    paced_until: datetime | None = None
    paced_by: str = "its mailbox has sent as much as it may for now"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the gate asks. `asks` is its sentence; `judge` returns None when the message passes."""

    name: str
    asks: str
    judge: Callable[[Facts], Verdict | None]


def _not_held(facts: Facts) -> Verdict | None:
    return Verdict("return", "held", facts.held) if facts.held is not None else None


def _sender_there(facts: Facts) -> Verdict | None:
    return None if facts.sender_active else Verdict("return", "sender_gone", "its sender is deactivated")


def _mailbox_connected(facts: Facts) -> Verdict | None:
    return None if facts.mailbox_connected else Verdict("return", "mailbox", "its mailbox is not connected")


def _mailbox_ready(facts: Facts) -> Verdict | None:
    until = facts.mailbox_waits_until
    waits = until is not None and until > facts.machine_now
    return Verdict("return", "mailbox_waits", "its mailbox waits") if waits else None


def _wanted(facts: Facts) -> Verdict | None:
    return Verdict("cancel", *facts.unwanted) if facts.unwanted else None


def _valid(facts: Facts) -> Verdict | None:
    """The rule: past validity a message expires, however often it was tried."""
    if facts.now < facts.valid_until:
        return None
    return Verdict("expire", "expired", "its time ran out before it could leave")


def _in_time(facts: Facts) -> Verdict | None:
    """The rule: lateness is judged once, before the first attempt; after it only validity ends a message."""
    if facts.attempts or facts.late_at is None or facts.now <= facts.late_at:
        return None
    late = _rounded(facts.now - facts.due_at)
    return Verdict("cancel", "late", f"it was {late} late and was not sent blindly")


def _within_limits(facts: Facts) -> Verdict | None:
    """The rule: limits delay the hand-over and never drop it."""
    until = facts.paced_until
    waits = until is not None and until > facts.machine_now
    return Verdict("return", "paced", facts.paced_by) if waits else None


# In the order in which they are asked: the first that objects is the binding one.
RULES: tuple[Rule, ...] = (
    Rule("held", "Nothing it belongs to is paused or stopped.", _not_held),
    Rule("sender_gone", "Its sender is active.", _sender_there),
    Rule("mailbox", "Its mailbox is connected.", _mailbox_connected),
    Rule("mailbox_waits", "Its mailbox does not have to wait.", _mailbox_ready),
    Rule("unwanted", "The person may be written to.", _wanted),
    Rule("expired", "It is still valid.", _valid),
    Rule("late", "It is not too late for a first attempt.", _in_time),
    Rule(
        "paced", "The limits of its mailbox and of its recipient's domain leave room for it.", _within_limits
    ),
)


def verdict_on(facts: Facts) -> Verdict | None:
    """The first objection; None when the message may leave."""
    return next((found for rule in RULES if (found := rule.judge(facts))), None)


def _rounded(late: timedelta) -> str:
    hours, minutes = divmod(int(late.total_seconds() // 60), 60)
    return f"{hours} h {minutes:02d} min"
