"""A verifier of DKIM signatures, written line by line from RFC 6376 and RFC 8463, beside the product's own writer."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key


def verdicts(mail: bytes, keys: Mapping[str, str]) -> list[str]:
    """`pass`, or why not, for each signature from the top. `keys`: `selector._domainkey.domain` → its TXT record."""
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = _unfolded(head)
    return [_verdict(field, fields, body, keys) for field in fields if _name(field) == "dkim-signature"]


def _verdict(field: str, fields: list[str], body: bytes, keys: Mapping[str, str]) -> str:
    tags = _tags(field.split(":", 1)[1])
    key = _tags(keys[f"{tags['s']}._domainkey.{tags['d']}"])
    assert (tags["v"], tags["c"]) == ("1", "relaxed/relaxed")
    if hashlib.sha256(_relaxed_body(body)).digest() != b64decode(tags["bh"]):
        return "body hash"
    told = "".join(f"{one}\r\n" for one in _signed_fields(tags["h"], fields))
    without = field[: field.index("b=", field.index("bh=") + 2)] + "b="
    data = (told + _relaxed_field(without)).encode()
    return _proved(key, tags["a"], b64decode(tags["b"]), data)


def _proved(key: Mapping[str, str], algorithm: str, proof: bytes, data: bytes) -> str:
    public = b64decode(key["p"])
    try:
        if algorithm == "ed25519-sha256":
            Ed25519PublicKey.from_public_bytes(public).verify(proof, hashlib.sha256(data).digest())
        else:
            loaded = load_der_public_key(public)
            assert algorithm == "rsa-sha256" and isinstance(loaded, RSAPublicKey)
            loaded.verify(proof, data, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "signature"
    return "pass"


def _signed_fields(named: str, fields: list[str]) -> list[str]:
    """Each name takes the lowest field of that name which is not taken yet; one too many takes nothing."""
    taken: set[int] = set()
    chosen = []
    for name in named.lower().split(":"):
        for number in range(len(fields) - 1, -1, -1):
            if number not in taken and _name(fields[number]) == name.strip():
                taken.add(number)
                chosen.append(_relaxed_field(fields[number]))
                break
    return chosen


def _unfolded(head: bytes) -> list[str]:
    fields: list[str] = []
    for line in head.decode().split("\r\n"):
        if line[0] in " \t":
            fields[-1] += line
        else:
            fields.append(line)
    return fields


def _name(field: str) -> str:
    return field.split(":", 1)[0].strip().lower()


def _relaxed_field(field: str) -> str:
    return f"{_name(field)}:{' '.join(field.split(':', 1)[1].replace(chr(9), ' ').split())}"


def _relaxed_body(body: bytes) -> bytes:
    lines = []
    for line in body.split(b"\r\n"):
        words = [word for word in line.replace(b"\t", b" ").split(b" ") if word]
        lead = b" " if line[:1] in (b" ", b"\t") and words else b""
        lines.append(lead + b" ".join(words))
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _tags(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";") if "=" in part]
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}
