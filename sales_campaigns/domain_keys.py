"""The private keys that domains sign their mail with, as operators keep them in files. Pure."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

Key = RSAPrivateKey | Ed25519PrivateKey
SHORTEST_RSA = 1024  # bits, RFC 8301 section 3.2


def key_from(pem: str) -> Key:
    """Raises ValueError, with what is wrong in words for the operator."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("must be a private key in PEM, without a passphrase") from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= SHORTEST_RSA:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError(f"must be a key of RSA ({SHORTEST_RSA} bits or more) or Ed25519")
