"""Google's consent: OAuth 2.0 for web servers with PKCE, and what an identity token says of whose mailbox it is."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.calls import Answer, Calls, answered
from integrations.gmail.settings import WANTED, Settings, may_draft, may_read, may_send
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Granted, Tokens

NO_REPLIES = "Replies and returned mail are not seen, and campaigns go on after an answer."
NO_DRAFTS = "A mail whose hand-over was not answered stays uncertain until you say whether it left. No drafts are made."
CLOCK_SECONDS = 60
FORM = {"content-type": "application/x-www-form-urlencoded"}


class GoogleConsent:
    """The port's Consent. One call a connection: consent is rare."""

    label = "Gmail"
    differs: tuple[str, ...] = ()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.issuer = settings.accounts_url

    def address_of_consent(self, state: str, challenge: str, redirect: str, hint: str) -> str:
        """`prompt=consent`: only then is there a refresh token for somebody who has consented before."""
        asked = {
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": " ".join(WANTED),
            "access_type": "offline",
            "prompt": "consent",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": hint,
        }
        return f"{self._settings.accounts_url}/o/oauth2/v2/auth?{urlencode(asked)}"

    def redeem(self, code: str, verifier: str, redirect: str) -> Granted:
        given = self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect,
            }
        )
        address = address_vouched(given, self._settings)
        granted = granted_in(given, address)
        if not granted.tokens.refresh:
            raise Outside(
                OutsideKind.AUTHORISATION, "Google gave no lasting permission. Connect it once more."
            )
        return granted

    def refresh(self, refresh_token: str) -> Granted:
        return granted_in(self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token}), "")

    def revoke(self, refresh_token: str) -> bool:
        """Everything that was granted with it ends. Raises Outside where Google does not say so."""
        answer = _asked(self._settings, self._settings.revoke_url, {"token": refresh_token})
        if answer.status != 200 and answer.json().get("error") != "invalid_token":
            raise Outside(OutsideKind.TRANSIENT, f"Google said: {answer.status}.", code=answer.status)
        return True

    def reads(self, scopes: tuple[str, ...]) -> bool:
        return may_read(scopes)

    def lacking(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if not may_send(scopes):
            words = "You did not allow sending. Connect once more, and leave every box ticked."
            raise Outside(OutsideKind.POLICY, words)
        lacks = {NO_REPLIES: not may_read(scopes), NO_DRAFTS: not may_draft(scopes)}
        return tuple(words for words, missing in lacks.items() if missing)

    def _ask(self, asked: dict[str, str]) -> dict[str, Any]:
        """Google's answer. The client's secret travels in the body, over TLS alone."""
        ours = {"client_id": self._settings.client_id, "client_secret": self._settings.client_secret}
        return ask_for_token(self._settings, {**asked, **ours})


def ask_for_token(settings: Settings, asked: dict[str, str]) -> dict[str, Any]:
    """What the token endpoint answers. Raises Outside; a token that was asked for twice harms nobody."""
    answer = _asked(settings, settings.token_url, asked)
    if answer.status != 200:
        raise _refusal(answer)
    return answer.json() | {"clock": answer.clock_words}


def _asked(settings: Settings, where: str, form: dict[str, str]) -> Answer:
    calls = Calls(replace(settings.manners, connect_seconds=4, answer_seconds=8))  # a row is locked meanwhile
    try:
        return answered(lambda: calls.ask("POST", where, FORM, urlencode(form)))
    finally:
        calls.close()


def granted_in(given: dict[str, Any], address: str) -> Granted:
    seconds = int(given.get("expires_in") or 3600)
    tokens = Tokens(str(given.get("access_token", "")), str(given.get("refresh_token", "")))
    scopes = tuple(str(given.get("scope", "")).split())
    return Granted(tokens, scopes, address, machine_now() + timedelta(seconds=seconds))


def address_vouched(given: dict[str, Any], settings: Settings) -> str:
    """Whose mailbox it is, by the identity token. It came from Google itself over TLS, which stands for its signature
    (OpenID Connect Core, section 3.1.3.7, point 6); issuer, audience and times are looked at all the same.
    """
    claims = _claims(str(given.get("id_token", "")))
    now = machine_now().timestamp()
    if claims.get("iss") not in (settings.accounts_url, settings.accounts_url.partition("://")[2]):
        raise Outside(
            OutsideKind.AUTHORISATION, "The answer does not come from Google. Nothing was connected."
        )
    if claims.get("aud") != settings.client_id:
        raise Outside(
            OutsideKind.AUTHORISATION, "Google answered somebody else's question. Nothing was connected."
        )
    if float(claims.get("exp", 0)) < now - CLOCK_SECONDS or float(claims.get("iat", 0)) > now + CLOCK_SECONDS:
        words = (
            given.get("clock") or "The clock of this machine is not right. Set it, best by a time service."
        )
        raise Outside(OutsideKind.POLICY, str(words))
    if not claims.get("email") or claims.get("email_verified") is False:
        raise Outside(
            OutsideKind.AUTHORISATION, "Google does not say which address this is. Nothing was connected."
        )
    return str(claims["email"]).lower()


def _claims(token: str) -> dict[str, Any]:
    try:
        middle = token.split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _refusal(answer: Answer) -> Outside:
    """By the `error` of RFC 6749 section 5.2."""
    said = answer.json()
    error, words = str(said.get("error", "")), str(said.get("error_description", "")).rstrip(".")
    told = f"Google said: {words or error or answer.status}."
    if answer.clock_words and error in ("invalid_grant", "invalid_request"):
        return Outside(OutsideKind.POLICY, f"{told} {answer.clock_words}", code=answer.status)
    if error == "invalid_grant":
        return Outside(OutsideKind.AUTHORISATION, f"{told} Connect the mailbox again.", code=answer.status)
    if answer.status == 429:
        return Outside(OutsideKind.RATE_LIMITED, told, code=answer.status, retry_at=answer.retry_at)
    if answer.status >= 500:
        return Outside(OutsideKind.TRANSIENT, told)
    what_to_do = "An administrator must look at GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."
    return Outside(OutsideKind.POLICY, f"{told} {what_to_do}", code=answer.status)
