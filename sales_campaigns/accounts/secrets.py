"""Passwords and tokens sealed at rest with the service's key; random tokens and their hashes."""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet, MultiFernet

from sales_campaigns.settings import Settings


class Seal:
    """Seals with the newest key, opens with any: keys rotate by adding a new one in front."""

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys if key])

    def close(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode() if plain else ""

    def open(self, sealed: str) -> str:
        return self._fernet.decrypt(sealed.encode()).decode() if sealed else ""


def seal_of(settings: Settings) -> Seal:
    """The seal of this installation; what the former key has sealed opens, too."""
    return Seal(settings.secret_key, settings.secret_key_old)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """SHA-256 suffices for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derived(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"seal:" + key.encode()).digest())
