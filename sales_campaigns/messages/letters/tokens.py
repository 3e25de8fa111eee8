"""The one signed token of a message: short, safe in an address, and nothing in it about anybody."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

_SIGNATURE = 12  # bytes: a guess is right once in 2 to the 96
_LONGEST = 32  # characters


def token_of(message_id: int, key: str) -> str:
    """The number of the message and its signature, base64 for addresses."""
    number = message_id.to_bytes((message_id.bit_length() + 7) // 8 or 1, "big")
    return urlsafe_b64encode(_signature(number, key) + number).rstrip(b"=").decode()


def message_in(token: str, keys: Iterable[str]) -> int | None:
    """The message that a token names; None for one that none of `keys` has signed. The newest key comes first."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    signature, number = raw[:_SIGNATURE], raw[_SIGNATURE:]
    signed = [hmac.compare_digest(signature, _signature(number, key)) for key in keys]
    # Written in one way only: what decodes to the same bytes is another text and no token.
    same = urlsafe_b64encode(raw).rstrip(b"=").decode() == token
    return int.from_bytes(number, "big") if any(signed) and same and 0 < len(number) <= 8 else None


def _signature(number: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"message token " + number, "sha256")[:_SIGNATURE]
