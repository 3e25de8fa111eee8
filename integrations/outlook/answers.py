"""What an answer of Graph means: the kind of trouble, and until when. Pure.

The rule: rate limits pause the mailbox, policy stops it, a mail that is refused is that mail's trouble alone
(spec/5, error kinds).
"""

from __future__ import annotations

from typing import Any

from integrations.calls import Answer
from sales_campaigns.errors import Outside, OutsideKind

GONE = 410  # what a cursor says that is too old
RATES = {"ApplicationThrottled", "ErrorExceededMessageLimit", "ErrorServerBusy", "TooManyRequests"}
EXPIRED = {"SyncStateInvalid", "SyncStateNotFound", "resyncRequired", "syncStateInvalid", "syncStateNotFound"}
NO_MAILBOX = (
    "This account has no mailbox at Exchange Online. An administrator gives it a licence, or moves it there."
)
POLICIES = {
    "AccessDenied": "The administrator of your organisation does not allow this.",
    "Authorization_RequestDenied": "The administrator of your organisation does not allow this.",
    "ErrorAccessDenied": "What was granted does not allow this. Connect it again.",
    "ErrorAccountSuspend": "Microsoft has suspended sending from this account.",
    "ErrorMailboxMoveInProgress": "The mailbox is being moved; try again when that is done.",
    "ErrorMessageSubmissionBlocked": "Microsoft lets nothing out of this account: it was taken for a source of spam.",
    "ErrorNonExistentMailbox": NO_MAILBOX,
    "ErrorQuotaExceeded": "The mailbox is full. Make room in it.",
    "ErrorSendAsDenied": "This account may not send from this address.",
    "MailboxNotEnabledForRESTAPI": NO_MAILBOX,
    "MailboxNotSupportedForRESTAPI": NO_MAILBOX,
    "MailboxNotHostedInExchangeOnline": NO_MAILBOX,
}
TRANSIENT = {"ErrorIrresolvableConflict", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"}
LONGEST_WORDS = 300


def refusal_of(answer: Answer) -> Outside | None:
    """None for an answer that grants what was asked. 5xx is transient here: whoever sends asks what became of it."""
    if answer.status < 300:
        return None
    error = _error(answer)
    name = str(error.get("code", ""))
    kind = _kind(answer.status, name)
    until = answer.retry_at if kind is OutsideKind.RATE_LIMITED else None
    code = GONE if name in EXPIRED else answer.status
    return Outside(kind, _words(answer, error), code=code, retry_at=until)


def _kind(status: int, name: str) -> OutsideKind:
    if status == 401:
        return OutsideKind.AUTHORISATION
    if name in POLICIES:
        return OutsideKind.POLICY
    if status == 429 or (name in RATES and status < 500):
        return OutsideKind.RATE_LIMITED
    if status >= 500 or status in (408, 409, 412, 423) or name in TRANSIENT:
        return OutsideKind.TRANSIENT
    return OutsideKind.POLICY if status == 403 else OutsideKind.MESSAGE


def _words(answer: Answer, error: dict[str, Any]) -> str:
    """Graph's own words with what to do."""
    told = str(error.get("message") or error.get("code") or f"it answered {answer.status}")[:LONGEST_WORDS]
    what_to_do = POLICIES.get(str(error.get("code", "")), "")
    return " ".join(filter(None, (f"Outlook said: {told.rstrip('.')}.", what_to_do)))


def _error(answer: Answer) -> dict[str, Any]:
    error = answer.json().get("error")
    return error if isinstance(error, dict) else {}
