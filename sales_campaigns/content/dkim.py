"""A domain's signature over a finished mail (DKIM, RFC 6376; Ed25519 by RFC 8463): receivers learn who answers for it.

The rule: relaxed/relaxed, rsa-sha256 or ed25519-sha256; signed after everything else. The same mail and the same key
give the same signature: it carries no time of its own, the Date header is signed. Pure.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sales_campaigns.domain_keys import Key

# What a receiver shows or acts on; both headers of one-click unsubscribing must be signed (RFC 8058, section 4).
SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
# Named once more than they are there: a second one, added on the way, breaks the signature (RFC 6376, section 8.15).
ONLY_ONCE = ("from", "to", "subject", "date")
_PIECE = 70  # characters of the signature on a line
_BLANKS = re.compile(rb"[ \t]{2,}|\t")  # what is not one space already
_FOLDS = re.compile(rb"\r\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature: `key` is the private half of what the domain publishes under the selector."""

    domain: str
    selector: str
    key: Key

    def signs_for(self, address: str) -> bool:
        """Whether mail from this address is this domain's, or that of one below it."""
        host = address.rpartition("@")[2].lower()
        return host == self.domain or host.endswith(f".{self.domain}")


def published(key: Key) -> str:
    """The `p=` of the DNS record: what belongs to this key (RFC 6376 section 3.6.1, RFC 8463 section 4.2)."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def signature(mime: bytes, signer: Signer) -> bytes:
    """The DKIM-Signature header of this mail, with its line end: it goes before everything else."""
    head, _, body = mime.partition(b"\r\n\r\n")
    present = list(_fields(head + b"\r\n"))
    names = [name for name in SIGNED for field in present if field[0] == name.encode()]
    names += [name for name in ONLY_ONCE if name in names]
    unsigned = _unsigned(signer, names, _body_hash(body))
    told = [*_chosen(present, names), _relaxed(unsigned.encode())]
    proof = b64encode(_proof(signer.key, b"\r\n".join(told))).decode()
    pieces = "\r\n ".join(proof[at : at + _PIECE] for at in range(0, len(proof), _PIECE))
    return f"{unsigned}{pieces}\r\n".encode()


def _unsigned(signer: Signer, names: list[str], body_hash: str) -> str:
    algorithm = "rsa-sha256" if isinstance(signer.key, RSAPrivateKey) else "ed25519-sha256"
    return (
        f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={signer.domain};\r\n"
        f" s={signer.selector};\r\n"
        f" h={_folded(names)};\r\n"
        f" bh={body_hash};\r\n"
        " b="
    )


def _folded(names: list[str]) -> str:
    """Four to a line."""
    lines = (":".join(names[at : at + 4]) for at in range(0, len(names), 4))
    return ":\r\n  ".join(lines)


def _proof(key: Key, told: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(told, PKCS1v15(), hashes.SHA256())
    return key.sign(hashlib.sha256(told).digest())


def _body_hash(body: bytes) -> str:
    """Relaxed (RFC 6376 section 3.4.4): blanks of a line made one, those at its end and empty last lines left out."""
    relaxed = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" ")
    told = relaxed.rstrip(b"\r\n")
    return b64encode(hashlib.sha256(told + b"\r\n" if told else b"").digest()).decode()


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name in small letters, the field relaxed), from the first to the last."""
    for line in _FOLDS.sub(b"", head).split(b"\r\n"):
        if line:
            yield line.partition(b":")[0].strip().lower(), _relaxed(line)


def _relaxed(field: bytes) -> bytes:
    """Relaxed (RFC 6376 section 3.4.2): a name in small letters, unfolded, blanks made one and none at either end."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", _FOLDS.sub(b"", value)).strip(b" ")


def _chosen(present: list[tuple[bytes, bytes]], names: list[str]) -> Iterator[bytes]:
    """One field for each name, from the last to the first of that name; nothing for one that is not there."""
    left = list(present)
    for name in names:
        at = next((n for n in reversed(range(len(left))) if left[n][0] == name.encode()), None)
        if at is not None:
            yield left.pop(at)[1]
