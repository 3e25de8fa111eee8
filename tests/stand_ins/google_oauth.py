"""Codes and tokens of the stand-in for Google: single use, with PKCE, revocable."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sales_campaigns.clock import machine_now

SERVICE = "robot@project.iam.gserviceaccount.com"


class Refused(Exception):
    """As RFC 6749 section 5.2 says no."""

    def __init__(self, error: str, words: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.words, self.status = error, words, status


@dataclass(frozen=True)
class _Code:
    address: str
    scopes: tuple[str, ...]
    challenge: str
    redirect: str


@dataclass
class Tokens:
    """`seconds` is how long an access token counts. `seconds_off`: by how much this server's clock is ahead of ours."""

    client: str
    secret: str
    issuer: str = ""
    seconds: int = 3600
    seconds_off: float = 0
    delegated: set[str] = field(default_factory=set)
    refreshed: int = 0
    _codes: dict[str, _Code] = field(default_factory=dict)
    _access: dict[str, tuple[str, tuple[str, ...], float]] = field(default_factory=dict)
    _refresh: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def code(self, address: str, scopes: tuple[str, ...], challenge: str, redirect: str) -> str:
        code = secrets.token_urlsafe(12)
        self._codes[code] = _Code(address, scopes, challenge, redirect)
        return code

    def access(self, address: str, scopes: tuple[str, ...]) -> str:
        token = "ya29." + secrets.token_urlsafe(16)
        self._access[token] = (address, scopes, time.monotonic() + self.seconds)
        return token

    def lasting(self, address: str, scopes: tuple[str, ...]) -> str:
        """What brings new access tokens until it is revoked."""
        token = "1//" + secrets.token_urlsafe(16)
        self._refresh[token] = (address, scopes)
        return token

    def holder(self, token: str) -> tuple[str, tuple[str, ...]] | None:
        address, scopes, until = self._access.get(token, ("", (), 0.0))
        return (address, scopes) if until > time.monotonic() else None

    def expire(self) -> None:
        """Every access token is over; what refreshes them is not."""
        self._access.clear()

    def revoke(self, address: str) -> None:
        """The rep took the permission back, or changed the password."""
        self._refresh = {token: held for token, held in self._refresh.items() if held[0] != address}
        self._access = {token: held for token, held in self._access.items() if held[0] != address}

    def give_back(self, token: str) -> None:
        """Either token ends the whole permission."""
        held = self._refresh.get(token) or self.holder(token)
        if held is None:
            raise Refused("invalid_token", "Token expired or revoked")
        self.revoke(held[0])

    def give(self, form: dict[str, str]) -> dict[str, Any]:
        kind = form.get("grant_type", "")
        if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._for_a_robot(form["assertion"])
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            raise Refused("invalid_client", "The provided client secret is invalid.", 401)
        if kind == "authorization_code":
            return self._redeem(form)
        held = self._refresh.get(form.get("refresh_token", ""))
        if held is None:
            raise Refused("invalid_grant", "Token has been expired or revoked.")
        self.refreshed += 1
        return self._given(*held)

    def _redeem(self, form: dict[str, str]) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if code is None or base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() != code.challenge:
            raise Refused("invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect:
            raise Refused("redirect_uri_mismatch", "Bad Request")
        token = self.lasting(code.address, code.scopes)
        given = self._given(code.address, code.scopes)
        return given | {"refresh_token": token, "id_token": self._identity(code.address)}

    def _for_a_robot(self, assertion: str) -> dict[str, Any]:
        claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
        if abs(claims["iat"] - machine_now().timestamp() - self.seconds_off) > 120:
            words = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
            raise Refused("invalid_grant", words)
        if claims["sub"] not in self.delegated:
            raise Refused("unauthorized_client", "Client is unauthorized to retrieve access tokens.", 401)
        return self._given(claims["sub"], tuple(claims["scope"].split()))

    def _given(self, address: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        token = self.access(address, scopes)
        return {
            "access_token": token,
            "expires_in": self.seconds,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }

    def _identity(self, address: str) -> str:
        now = int(machine_now().timestamp() + self.seconds_off)
        claims = {"iss": self.issuer, "aud": self.client, "email": address, "email_verified": True}
        parts = ({"alg": "RS256"}, {**claims, "sub": "1", "iat": now, "exp": now + 3600})
        return (
            ".".join(
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts
            )
            + ".x"
        )
