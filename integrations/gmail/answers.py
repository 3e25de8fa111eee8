"""What an answer of the Gmail API means (guides/handle-errors): the kind of trouble, and until when. Pure.

The rule: rate limits pause the mailbox, policy stops it, a mail that is refused is that mail's trouble alone
(spec/5, error kinds).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from integrations.calls import Answer
from sales_campaigns.errors import Outside, OutsideKind

RATES = {
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "dailyLimitExceeded",
    "quotaExceeded",
    "RATE_LIMIT_EXCEEDED",
}
POLICIES = {
    "domainPolicy": "The administrator of your domain does not allow this use of Gmail.",
    "insufficientPermissions": "What was granted does not allow this. Connect it again, with every permission.",
    "accessNotConfigured": "The Gmail API is not switched on in the Cloud project of this installation.",
    "failedPrecondition": "Google takes no mail for this account: Gmail is not switched on for it.",
    "delegationDenied": "The organisation has not let this service account in.",
}
NAMES_OF_GRPC = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "insufficientPermissions",
    "SERVICE_DISABLED": "accessNotConfigured",
}
_UNTIL = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")
LONGEST_WORDS = 300


def refusal_of(answer: Answer) -> Outside | None:
    """None for an answer that grants what was asked. 5xx is transient here: whoever sends asks what became of it."""
    if answer.status < 300:
        return None
    words, reasons = _said(answer)
    return Outside(_kind(answer.status, reasons), words, code=answer.status, retry_at=_until(answer, words))


def _kind(status: int, reasons: set[str]) -> OutsideKind:
    if status == 401:
        return OutsideKind.AUTHORISATION
    if status == 429 or reasons & RATES:
        return OutsideKind.RATE_LIMITED
    if status == 403 or reasons & POLICIES.keys():
        return OutsideKind.POLICY
    return OutsideKind.TRANSIENT if status >= 500 or status == 408 else OutsideKind.MESSAGE


def _said(answer: Answer) -> tuple[str, set[str]]:
    """Google's own words with what to do, and the reasons it names."""
    error = _object(answer.json().get("error"))
    items = [_object(one) for one in [*_list(error.get("errors")), *_list(error.get("details"))]]
    named = {str(one["reason"]) for one in items if one.get("reason")}
    reasons = {NAMES_OF_GRPC.get(name, name) for name in named}
    words = str(error.get("message") or f"it answered {answer.status}")[:LONGEST_WORDS]
    what_to_do = next((POLICIES[name] for name in sorted(reasons) if name in POLICIES), "")
    return " ".join(filter(None, (f"Gmail said: {words.rstrip('.')}.", what_to_do))), reasons


def _until(answer: Answer, words: str) -> datetime | None:
    """Retry-After, or the time that stands in the words."""
    found = _UNTIL.search(words)
    if answer.status not in (403, 429):
        return None
    return answer.retry_at or (datetime.fromisoformat(found[1]) if found else None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
