"""Where reports about one mail come back to: an envelope sender that names the mail (VERP), whatever a relay strips.

The address that the operator sets holds a `*`; in its place stands the mail's own token, in small letters and digits,
because local parts may lose their case on the way. Pure.
"""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from dataclasses import dataclass
from hashlib import sha256

_SIGNATURE = 10  # bytes: a guess is right once in 2 to the 80
_LONGEST_NUMBER = 5  # bytes
LONGEST_TOKEN = 24  # characters
PROBE = 0  # the token of no message: what a probe is sent with


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """`pattern` is an address with one `*` in its local part. The newest of `keys` signs, all of them are known."""

    pattern: str
    keys: tuple[str, ...]

    def address(self, message_id: int) -> str:
        """What this message is sent from."""
        number = message_id.to_bytes((message_id.bit_length() + 7) // 8 or 1, "big")
        return self.pattern.replace("*", _written(_signature(number, self.keys[0]) + number))

    def message_in(self, written: str) -> int | None:
        """The message that an address names; None for one that is not of ours, or that nobody here has signed."""
        before, _, behind = self.pattern.lower().partition("*")
        address = written.strip().strip("<>").lower()
        if not (address.startswith(before) and address.endswith(behind)):
            return None
        raw = _raw(address[len(before) : len(address) - len(behind)])
        signature, number = raw[:_SIGNATURE], raw[_SIGNATURE:]
        signed = [hmac.compare_digest(signature, _signature(number, key)) for key in self.keys]
        return int.from_bytes(number, "big") if any(signed) and 0 < len(number) <= _LONGEST_NUMBER else None


def _raw(token: str) -> bytes:
    if not (0 < len(token) <= LONGEST_TOKEN and token.isascii()):
        return b""
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return b""
    return (
        raw if _written(raw) == token else b""
    )  # what decodes to the same bytes is another text and no token


def _written(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=").lower()


def _signature(number: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), b"return path " + number, sha256)[:_SIGNATURE]
