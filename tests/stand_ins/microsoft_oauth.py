"""Codes and tokens of the stand-in for Microsoft: in the words of Entra, and each refresh token replaced."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from sales_campaigns.clock import machine_now
from tests.stand_ins import google_oauth
from tests.stand_ins.google_oauth import Refused

APPLICATION = ("6f1c1c1e-aaaa-4c1e-9f5e-0d9b1a2c3d4e", "its-secret")
TENANT = "7a1f8a52-0f5c-4f0c-9a4e-0c4c6e0f2b11"
PERMISSIONS = "https://graph.microsoft.com/"
TAIL = " Trace ID: 00000000-0000-0000-0000-000000000000 Timestamp: 2026-11-30 12:00:00Z"


@dataclass
class Tokens(google_oauth.Tokens):
    """`tid` is the tenant that the identity token names."""

    tid: str = TENANT
    nonces: dict[str, str] = field(default_factory=dict)  # by code
    _nonce: str = ""

    def lasting(self, address: str, scopes: tuple[str, ...]) -> str:
        token = "1.AX0A" + secrets.token_urlsafe(16)
        self._refresh[token] = (address, scopes)
        return token

    def give(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            return self._given_to(form)
        except Refused as refused:
            number = {"invalid_client": "AADSTS7000215", "invalid_grant": "AADSTS70000"}.get(refused.error)
            words = refused.words if "AADSTS" in refused.words else f"{number}: {refused.words}"
            raise Refused(refused.error, words + TAIL, refused.status) from refused

    def _given_to(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("grant_type") == "client_credentials":
            return self._for_an_application(form)
        held = self._refresh.get(form.get("refresh_token", ""))
        if form.get("grant_type") == "refresh_token" and held is None:
            words = "AADSTS50173: The provided grant has expired due to it being revoked."
            raise Refused("invalid_grant", words)
        self._nonce = self.nonces.pop(form.get("code", ""), "")
        given = super().give(form)
        if held is not None:
            del self._refresh[form["refresh_token"]]
            given |= {"refresh_token": self.lasting(*held)}
        return given

    def _for_an_application(self, form: dict[str, str]) -> dict[str, Any]:
        """Good for the mailboxes of `delegated`, by their names, and for no directory."""
        if (form.get("client_id"), form.get("client_secret")) != APPLICATION:
            raise Refused("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        self.refreshed += 1
        token = self.access("", ("Mail.ReadWrite", "Mail.Send"))
        return {"access_token": token, "expires_in": self.seconds, "token_type": "Bearer"}

    def _given(self, address: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        given = super()._given(address, scopes)
        asked = [one for one in scopes if one not in ("openid", "profile", "offline_access")]
        given["scope"] = " ".join(PERMISSIONS + one for one in asked)
        client = base64.urlsafe_b64encode(json.dumps({"uid": address, "utid": self.tid}).encode())
        return given | {"client_info": client.rstrip(b"=").decode()}

    def _identity(self, address: str) -> str:
        now = int(machine_now().timestamp() + self.seconds_off)
        who = {"iss": f"{self.issuer}/{self.tid}/v2.0", "aud": self.client, "tid": self.tid, "oid": "1"}
        claims = {
            **who,
            "sub": "1",
            "nonce": self._nonce,
            "preferred_username": address,
            "iat": now,
            "exp": now + 3600,
        }
        parts = ({"alg": "RS256"}, claims)
        return (
            ".".join(
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts
            )
            + ".x"
        )
