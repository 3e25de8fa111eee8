"""What a hand-over means for its message and for the mailbox it left from. One table, no database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sales_campaigns.errors import Outside, OutsideKind


class FailureType(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    IGNORED = "ignored"


class MailboxEffect(StrEnum):
    """What a refusal does to the mailbox: nothing, wait a while, or stop until somebody acts."""

    NONE = "none"
    WAIT = "wait"
    STOP = "stop"
    RECONNECT = "reconnect"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`event` is a move of the message's lifecycle; `counts` says whether it was an attempt of this message."""

    event: str
    failure: FailureType | None = None
    reason: str = ""
    counts: bool = True
    mailbox: MailboxEffect = MailboxEffect.NONE
    bad_address: bool = False


ACCEPTED = Outcome("accept")
REFUSED = {
    OutsideKind.RECIPIENT: Outcome("fail", FailureType.HARD, "unknown_recipient", bad_address=True),
    OutsideKind.MESSAGE: Outcome("fail", FailureType.HARD, "message_refused"),
    OutsideKind.POLICY: Outcome("put_back", reason="policy", counts=False, mailbox=MailboxEffect.STOP),
    OutsideKind.RATE_LIMITED: Outcome(
        "put_back", reason="rate_limited", counts=False, mailbox=MailboxEffect.WAIT
    ),
    OutsideKind.TRANSIENT: Outcome("retry", FailureType.SOFT, "not_defined"),
    OutsideKind.UNKNOWN: Outcome("lose_sight", reason="no_answer"),
    OutsideKind.AUTHORISATION: Outcome(
        "put_back", reason="authorisation", counts=False, mailbox=MailboxEffect.RECONNECT
    ),
}
UNREACHABLE = Outcome("put_back", reason="unreachable", counts=False, mailbox=MailboxEffect.WAIT)


def outcome_of(refused: Outside | None) -> Outcome:
    """No answer at all before the body left says nothing about this message: the mailbox waits, not the mail."""
    if refused is None:
        return ACCEPTED
    if refused.kind is OutsideKind.TRANSIENT and refused.code is None:
        return UNREACHABLE
    return REFUSED[refused.kind]
