"""Microsoft's consent: asked by authorisation code with PKCE, redeemed and renewed by msal.

msal keeps what it gets in a cache of its own. Here each call has a cache of its own that is thrown away: what lasts is
kept sealed by whoever asked, one permission a mailbox, renewed under the lock of its row (spec/5).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.calls import answered
from integrations.outlook.api import GraphApi
from integrations.outlook.asking import NOT_OURS, asked_of, authority_of, hurried
from integrations.outlook.refusals import CLOCK
from integrations.outlook.settings import WANTED, Settings, may_read, may_send
from integrations.outlook.whose import address_in
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Granted, MailAccount, Tokens

CLOCK_SECONDS = 60
CHECKED = {"state": "checked"}  # by whoever asked, before its code is redeemed: msal would compare it again
ALWAYS = ("openid", "profile", "offline_access")
NOT_ENOUGH = (
    "You did not allow reading and sending mail. Connect once more, and accept everything that is asked."
)
NO_ONE_CLICK = (
    "Mails carry the unsubscribe link and List-Unsubscribe. Outlook does not take the header for one click (RFC 8058), "
    "so the button of a mail program leads to the page or writes a mail."
)


class MicrosoftConsent:
    """The port's Consent. Safe for many threads: each call has connections of its own."""

    label = "Outlook"
    differs: tuple[str, ...] = (NO_ONE_CLICK,)

    def __init__(self, settings: Settings) -> None:
        self._settings = hurried(settings)
        self._authority = authority_of(settings)
        self.issuer = f"{self._authority}/v2.0"

    def address_of_consent(self, state: str, challenge: str, redirect: str, hint: str) -> str:
        """The verifier stays with whoever asks, so the address is written here and not by msal.

        `nonce` binds the identity token to this question; its form is the one that msal compares it with.
        """
        asked = {
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "response_mode": "query",
            "scope": " ".join((*ALWAYS, *WANTED)),
            "prompt": "select_account",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "nonce": hashlib.sha256(challenge.encode()).hexdigest(),
            "login_hint": hint,
        }
        return f"{self._authority}/oauth2/v2.0/authorize?{urlencode(asked)}"

    def redeem(self, code: str, verifier: str, redirect: str) -> Granted:
        ours = {"code_verifier": verifier, "nonce": _challenge(verifier)}
        asked = {**CHECKED, **ours, "redirect_uri": redirect, "scope": list(WANTED)}
        given = asked_of(
            self._settings, lambda app: app.acquire_token_by_auth_code_flow(asked, {**CHECKED, "code": code})
        )
        self._check(given)
        granted = granted_in(given)
        if not granted.tokens.refresh:
            words = "Microsoft gave no lasting permission. Connect it once more."
            raise Outside(OutsideKind.AUTHORISATION, words)
        return replace(granted, address=self._address(granted))

    def refresh(self, refresh_token: str) -> Granted:
        return granted_in(
            asked_of(
                self._settings, lambda app: app.acquire_token_by_refresh_token(refresh_token, list(WANTED))
            )
        )

    def revoke(self, _refresh_token: str) -> bool:
        """Entra has no call by which an application gives back what one person granted."""
        return False

    def reads(self, scopes: tuple[str, ...]) -> bool:
        return may_read(scopes)

    def lacking(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Microsoft asks for all of it or nothing: what an administrator took out of it is not worked around."""
        if not may_send(scopes):
            raise Outside(OutsideKind.POLICY, NOT_ENOUGH)
        return ()

    def _check(self, given: dict[str, Any]) -> None:
        """Issuer, audience and times of the identity token, which msal leaves to us. TLS stands for its signature
        (OpenID Connect Core, section 3.1.3.7, point 6).
        """
        claims = given.get("id_token_claims") or {}
        now = machine_now().timestamp()
        if claims.get("iss") != f"{self._settings.authority_url}/{claims.get('tid')}/v2.0":
            words = "The answer does not come from Microsoft. Nothing was connected."
            raise Outside(OutsideKind.AUTHORISATION, words)
        if claims.get("aud") != self._settings.client_id:
            raise Outside(OutsideKind.AUTHORISATION, NOT_OURS)
        is_over = float(claims.get("exp", 0)) < now - CLOCK_SECONDS
        if is_over or float(claims.get("iat", 0)) > now + CLOCK_SECONDS:
            raise Outside(OutsideKind.POLICY, str(given.get("clock") or CLOCK))

    def _address(self, granted: Granted) -> str:
        """Asked of the mailbox: what stands in an identity token may be a sign-in name, or chosen by its owner."""
        token = granted.tokens.access
        api = GraphApi(MailAccount(0, "outlook", "", secret=token, token=True), self._settings)
        try:
            return answered(lambda: address_in(api))
        finally:
            api.close()


def _challenge(verifier: str) -> str:
    """S256 (RFC 7636 section 4.2), from which the nonce was made."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def granted_in(given: dict[str, Any]) -> Granted:
    seconds = int(given.get("expires_in") or 3600)
    tokens = Tokens(str(given["access_token"]), str(given.get("refresh_token", "")))
    scopes = tuple(str(given.get("scope", "")).split())
    return Granted(tokens, scopes, "", machine_now() + timedelta(seconds=seconds))
