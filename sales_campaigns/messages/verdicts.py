"""Why a mail may not leave now: one ordered table. The gate decides by it, and whoever explains asks the same rules."""

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
    """What the last look sees of one message.

    `now` is business time, `machine_now` machine time, in which `mailbox_waits_until` stands. `stopped` are the holds
    that it names and that stop it, as (kind, why). `cause` is why its person must not be mailed, `forbidden` the same
    as a sentence. `attempts` are those made so far.
    """

    now: datetime
    machine_now: datetime
    stopped: tuple[tuple[str, str], ...]
    sender_active: bool
    mailbox_connected: bool
    mailbox_waits_until: datetime | None
    cause: str | None
    forbidden: str
    due_at: datetime
    late_at: datetime | None
    valid_until: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One look: its name, what it says, and the verdict where it is against the message."""

    name: str
    sentence: str
    judge: Callable[[Facts], Verdict | None]


def first_against(facts: Facts) -> Verdict | None:
    """The verdict of the first rule that is against it; None lets it through."""
    return next(filter(None, (rule.judge(facts) for rule in RULES)), None)


def _held(facts: Facts) -> Verdict | None:
    return Verdict("return", "held", facts.stopped[0][1]) if facts.stopped else None


def _sender_gone(facts: Facts) -> Verdict | None:
    return None if facts.sender_active else Verdict("return", "sender_gone", "its sender is deactivated")


def _mailbox_lost(facts: Facts) -> Verdict | None:
    return None if facts.mailbox_connected else Verdict("return", "mailbox", "its mailbox is not connected")


def _mailbox_waits(facts: Facts) -> Verdict | None:
    until = facts.mailbox_waits_until
    waits = until is not None and until > facts.machine_now
    return Verdict("return", "mailbox_waits", "its mailbox waits") if waits else None


def _unwanted(facts: Facts) -> Verdict | None:
    return Verdict("cancel", facts.cause, facts.forbidden) if facts.cause else None


def _expired(facts: Facts) -> Verdict | None:
    over = facts.now >= facts.valid_until
    return Verdict("expire", "expired", "its time ran out before it could leave") if over else None


def _late(facts: Facts) -> Verdict | None:
    if facts.attempts or facts.late_at is None or facts.now <= facts.late_at:
        return None
    late = _rounded(facts.now - facts.due_at)
    return Verdict("cancel", "late", f"it was {late} late and was not sent blindly")


def _rounded(late: timedelta) -> str:
    hours, minutes = divmod(int(late.total_seconds() // 60), 60)
    return f"{hours} h {minutes:02d} min"


RULES: tuple[Rule, ...] = (
    Rule("hold", "Nothing leaves that is paused, stopped or has ended.", _held),
    Rule("sender", "Nobody is written to in the name of a user who is deactivated.", _sender_gone),
    Rule("mailbox", "A mail leaves only from a mailbox that is connected.", _mailbox_lost),
    Rule("mailbox_waits", "A mailbox whose server asked to wait, or was not reached, waits.", _mailbox_waits),
    Rule("suppression", "Opt-out, block list, quarantine and deletion are looked at again.", _unwanted),
    Rule("validity", "A mail is tried until its validity ends.", _expired),
    Rule("late", "A first attempt is not made blindly when it is later than the campaign allows.", _late),
)
