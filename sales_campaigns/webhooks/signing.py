"""How a call is signed: HMAC-SHA256 over id, timestamp and body, as Standard Webhooks has it. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
OLDEST_SECONDS = 300


def headers_of(secret: str, call: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What the receiver checks."""
    return {
        "webhook-id": call,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature_of(secret, call, timestamp, body)}",
    }


def signature_of(secret: str, call: str, timestamp: int, body: bytes) -> str:
    """Base64 of the HMAC over `id.timestamp.body`; the secret is base64 behind its prefix."""
    signed = f"{call}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def is_signed(secret: str, headers: tuple[str, str, str], body: bytes, now: int) -> bool:
    """Whether (id, timestamp, signatures) fit this body, and are not older than five minutes."""
    call, written, signatures = headers
    if not (written.isascii() and written.isdecimal() and len(written) < 12):
        return False
    if abs(now - int(written)) > OLDEST_SECONDS:
        return False
    wanted = signature_of(secret, call, int(written), body)
    shown = (one.partition(",")[2] for one in signatures.split(" ") if one.startswith("v1,"))
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in shown)


def _key(secret: str) -> bytes:
    """A secret that is no base64 is taken as it is."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
