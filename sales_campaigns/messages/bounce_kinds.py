"""What a bounce means: whether the address is bad for good, and why. Pure; a table of codes (RFC 3463).

The coarse first reading: 5.x is for good, except what is about the mailbox's space, a policy, or our own sending.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sales_campaigns.messages.incoming.reports import Report
from sales_campaigns.messages.outcomes import FailureType

_PASSING = re.compile(r"5\.2\.[234]|5\.3\.|5\.4\.|5\.5\.|5\.6\.|5\.7\.")
_FULL = re.compile(r"quota|mailbox (?:is )?full|over.?quota|insufficient storage|552", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"user unknown|unknown (?:user|recipient)|no such (?:user|recipient|mailbox)|does not exist|not found"
    r"|invalid recipient|account (?:that you tried to reach )?(?:is )?disabled|mailbox unavailable",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """`reason` is a word for figures and folders; `for_good` says that the address is not to be tried again."""

    failure: FailureType
    reason: str

    @property
    def for_good(self) -> bool:
        return self.failure is FailureType.HARD


def bounce_of(report: Report) -> Bounce:
    """The kind of a failed report. What says nothing readable is soft: an address is not given up on a guess."""
    if _FULL.search(report.words) or report.enhanced == "5.2.2":
        return Bounce(FailureType.SOFT, "mailbox_full")
    if _UNKNOWN.search(report.words) and not report.enhanced.startswith("4."):
        return Bounce(FailureType.HARD, "unknown_recipient")
    if report.enhanced.startswith("5.") and not _PASSING.match(report.enhanced):
        return Bounce(FailureType.HARD, "unknown_recipient")
    if not report.enhanced and report.code in (550, 551, 553):
        return Bounce(FailureType.HARD, "unknown_recipient")
    return Bounce(FailureType.SOFT, "bounced")
