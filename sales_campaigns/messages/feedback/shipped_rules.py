"""The qualification rules that come with the product, in order. Pure. The texts are what mail servers say."""

from __future__ import annotations

from sales_campaigns.messages.feedback.qualifying import BounceRule
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.outcomes import FailureType

_HARD, _SOFT, _IGNORED = FailureType.HARD, FailureType.SOFT, FailureType.IGNORED
_FULL = "quota\nmailbox*full\ninsufficient storage\nmailbox size limit"
_UNKNOWN = (
    "user unknown\nunknown user\nunknown recipient\nno such user\nno such recipient\nno such mailbox\n"
    "does not exist\ninvalid recipient\nrecipient not found\nmailbox unavailable\nuser not found\nunrouteable"
)
_DISABLED = "account*disabled\naccount is disabled\nmailbox disabled\naccount*suspended\nmailbox is inactive"
_NO_DOMAIN = "host or domain name not found\ndomain not found\nno such domain\nnullmx"
_AWAY = "out of office\nautomatic reply"
_REFUSED = "spam\nblocked using\nblacklist\ndenied by policy\nmessage rejected\npolicy"
_SILENT = (
    "connection timed out\nconnection refused\nnetwork is unreachable\ngreylist\ntry again later\ntry later"
)

SHIPPED: tuple[BounceRule, ...] = (
    BounceRule(_AWAY, "", _IGNORED, Reason.IGNORED),
    BounceRule(_FULL, "", _SOFT, Reason.MAILBOX_FULL),
    BounceRule("", "5.2.2 4.2.2 552", _SOFT, Reason.MAILBOX_FULL),
    BounceRule("", "5.7 4.7", _SOFT, Reason.REFUSED),
    BounceRule(_DISABLED, "", _HARD, Reason.ACCOUNT_DISABLED),
    BounceRule(_UNKNOWN, "", _HARD, Reason.UNKNOWN_RECIPIENT),
    BounceRule("", "5.2.1 4.2.1", _SOFT, Reason.ACCOUNT_DISABLED),
    BounceRule(_NO_DOMAIN, "", _SOFT, Reason.INVALID_DOMAIN),
    BounceRule("", "5.1.2 4.1.2 5.1.10", _SOFT, Reason.INVALID_DOMAIN),
    BounceRule("", "5.1", _HARD, Reason.UNKNOWN_RECIPIENT),
    BounceRule(_REFUSED, "", _SOFT, Reason.REFUSED),
    BounceRule(_SILENT, "", _SOFT, Reason.UNREACHABLE),
    BounceRule("", "4.1 4.3 4.4 5.3 5.4 421 450 451", _SOFT, Reason.UNREACHABLE),
    BounceRule("", "550 551 553", _HARD, Reason.UNKNOWN_RECIPIENT),
)
