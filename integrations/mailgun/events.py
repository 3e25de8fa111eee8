"""What Mailgun posts about a mail, as the product knows it: delivered, failed for now or for good, complained of.

Signed by HMAC-SHA256 over timestamp and token, inside the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.ports.programs import RelayEvent

OLDEST_SECONDS = 15 * 60
SHAPE = "This is no event of Mailgun."


class Events:
    """The port's RelayReader for one account's signing key."""

    def __init__(self, signing_key: str) -> None:
        self._key = signing_key.encode()

    def read(self, body: bytes) -> Sequence[RelayEvent]:
        said = _object(body)
        self._check(_inside(said, "signature"))
        event = _inside(said, "event-data")
        kind = _kind(event)
        if not kind:
            return []
        whom = str(event.get("recipient", "")).lower()
        return [RelayEvent(str(event.get("id", "")), kind, _message_id(event), *_answer(event), whom)]

    def _check(self, signature: Mapping[str, Any]) -> None:
        timestamp, token = str(signature.get("timestamp", "")), str(signature.get("token", ""))
        wanted = hmac.new(self._key, f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), str(signature.get("signature", "")).encode()):
            raise NotAllowed("The signature does not fit.")
        if not timestamp.isdecimal() or abs(machine_now().timestamp() - int(timestamp[:12])) > OLDEST_SECONDS:
            raise NotAllowed("The signature is too old.")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid(SHAPE) from None
    if not isinstance(said, dict):
        raise Invalid(SHAPE)
    return said


def _inside(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    held = said.get(name)
    if not isinstance(held, dict):
        raise Invalid(SHAPE)
    return held


def _kind(event: Mapping[str, Any]) -> str:
    """The words of the product; "" for what it does not ask for, such as opens."""
    if event.get("event") == "failed":
        return "failed" if event.get("severity") == "permanent" else "delayed"
    return {"delivered": "delivered", "complained": "complaint"}.get(str(event.get("event")), "")


def _message_id(event: Mapping[str, Any]) -> str:
    """With the angle brackets, which Mailgun leaves out."""
    written = str(_inside(_inside(event, "message"), "headers").get("message-id", "")).strip("<>")
    return f"<{written}>"


def _answer(event: Mapping[str, Any]) -> tuple[int | None, str, str]:
    """Code, enhanced code and words of the receiving server."""
    status = event.get("delivery-status")
    status = status if isinstance(status, dict) else {}
    code, words = status.get("code"), str(status.get("message") or status.get("description") or "")
    enhanced = str(status.get("enhanced-code") or "")
    return (code if isinstance(code, int) and 200 <= code < 600 else None), enhanced[:12], words[:1000]
