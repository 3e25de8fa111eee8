"""Why mail fails: the reason codes, each with its words and its number in delivery logs elsewhere. Pure."""

from __future__ import annotations

from enum import StrEnum

from sales_campaigns.messages.outcomes import FailureType


class Reason(StrEnum):
    NOT_DEFINED = "not_defined"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    INVALID_DOMAIN = "invalid_domain"
    UNREACHABLE = "unreachable_server"
    ACCOUNT_DISABLED = "account_disabled"
    MAILBOX_FULL = "mailbox_full"
    REFUSED = "refused"
    IGNORED = "error_ignored"


# Reason → (code, words). The codes are those of Adobe Campaign, so that logs can be compared.
REASONS: dict[Reason, tuple[int, str]] = {
    Reason.NOT_DEFINED: (0, "Not defined"),
    Reason.UNKNOWN_RECIPIENT: (1, "User unknown"),
    Reason.INVALID_DOMAIN: (2, "Invalid domain"),
    Reason.UNREACHABLE: (3, "Unreachable"),
    Reason.ACCOUNT_DISABLED: (4, "Account disabled"),
    Reason.MAILBOX_FULL: (5, "Mailbox full"),
    Reason.REFUSED: (20, "Refused"),
    Reason.IGNORED: (25, "Error ignored"),
}
_OF_AN_ADDRESS = frozenset(Reason) - {Reason.NOT_DEFINED, Reason.IGNORED}


def address_is_bad(failure: FailureType | None, reason: str) -> bool:
    """Whether a failed mail says that its address is not to be written to again."""
    for_good = failure is FailureType.HARD and reason in _OF_AN_ADDRESS
    return for_good or reason == Reason.UNKNOWN_RECIPIENT
