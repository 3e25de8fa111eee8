"""What one piece of feedback does to a message, whatever came before it. Pure: states and facts in, a move out.

The rules: “`Action: delayed` changes the state shown and never starts a retry”; “`Action: failed` with a soft cause”
is tried again “on a bulk lane”, while “a rep's own mailbox never sends again by itself”; late bounces still count;
hard wins over sent, and a reported delivery over soft, so that the order in which reports come does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sales_campaigns.messages.feedback.qualifying import Qualified
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.outcomes import FailureType
from sales_campaigns.messages.retries import USUAL, RetryRule, next_retry

_MAY_HAVE_LEFT = frozenset({"sending", "uncertain", "relayed", "sent"})
_WAITS = frozenset({"pending", "claimed", "retrying"})
_GIVEN_UP = frozenset({"cancelled", "expired"})


class Move(StrEnum):
    NONE = "none"
    TELL = "tell"  # other words, the same state
    DELIVER = "deliver"
    FAIL = "fail"
    HARDEN = "harden"  # it failed for now; it failed for good
    COME_BACK = "come_back"


@dataclass(frozen=True, slots=True)
class Facts:
    """A message as feedback finds it. `again`: its mailbox is a bulk lane, which tries again by itself."""

    state: str
    confirms: bool
    came_back: bool
    failure: FailureType | None
    again: bool
    attempts: int
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """`retry_at` of a move `come_back`; `lasted` says that a soft failure is over with the validity of the mail."""

    move: Move
    retry_at: datetime | None = None
    lasted: bool = False


def decide(
    facts: Facts, kind: ReportKind, qualified: Qualified | None, now: datetime, rule: RetryRule = USUAL
) -> Decision:
    """`qualified` is that of a failure, else None."""
    if kind is ReportKind.DELAYED:
        return Decision(Move.TELL if facts.state in ("relayed", "sent") else Move.NONE)
    if kind is ReportKind.DELIVERED:
        return Decision(_delivered(facts))
    if qualified is None or qualified.failure is FailureType.IGNORED:
        return Decision(Move.NONE)
    return _hard(facts) if qualified.for_good else _soft(facts, now, rule)


def _delivered(facts: Facts) -> Move:
    """Also a first copy that arrived after all while it waits to be tried again, or after it was given up: it is not
    sent twice. The rule: late feedback is still recorded.
    """
    first_copy = facts.came_back and facts.state in _WAITS | _GIVEN_UP
    open_yet = facts.state in _MAY_HAVE_LEFT - {"sent"} or first_copy
    soft = facts.state == "failed" and facts.failure is FailureType.SOFT
    return Move.DELIVER if open_yet or soft else Move.NONE


def _hard(facts: Facts) -> Decision:
    """Also after it was given up: a notice of delivery that comes later still does not win over it."""
    if facts.state in _MAY_HAVE_LEFT or (facts.came_back and facts.state in _WAITS | _GIVEN_UP):
        return Decision(Move.FAIL)
    soft = facts.state == "failed" and facts.failure is FailureType.SOFT
    return Decision(Move.HARDEN if soft else Move.NONE)


def _soft(facts: Facts, now: datetime, rule: RetryRule) -> Decision:
    arrived = facts.state == "sent" and facts.confirms
    if facts.state not in _MAY_HAVE_LEFT or arrived:
        return Decision(Move.NONE)
    if not facts.again:
        return Decision(Move.FAIL)
    again = next_retry(facts.attempts, now, facts.valid_until, rule)
    return Decision(Move.COME_BACK, again) if again else Decision(Move.FAIL, lasted=True)
