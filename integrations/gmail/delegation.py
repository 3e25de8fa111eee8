"""Mailboxes of a whole Google Workspace by one service account (domain-wide delegation), without each rep's consent."""

from __future__ import annotations

import json
from typing import Any

from google.auth import crypt, jwt

from integrations.gmail.consent import ask_for_token, granted_in
from integrations.gmail.settings import COMPOSE, READ, Settings
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Granted

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = (COMPOSE, READ)
LONGEST = 20_000  # characters of a private key
NOT_LET_IN = (
    "Let this service account in: Admin console, Security, API controls, Domain-wide delegation, "
    f"with these scopes: {', '.join(SCOPES)}."
)


class GoogleDelegation:
    """The port's Delegation. The key is the JSON file of a service account, as Google gives it."""

    label = "Gmail"
    asks_for = "Paste the whole JSON file of a service account that has domain-wide delegation."

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def whose(self, key: str) -> str:
        signer_of(key)
        return str(_parsed(key)["client_email"])[:254]

    def grant(self, key: str, address: str) -> Granted:
        try:
            given = ask_by_key(self._settings, key, SCOPES, address)
        except Outside as refused:
            if refused.code in (401, 403):
                raise Outside(
                    OutsideKind.POLICY, f"{refused.words} {NOT_LET_IN}", code=refused.code
                ) from refused
            raise
        return granted_in({"scope": " ".join(SCOPES), **given}, address)


def ask_by_key(settings: Settings, key: str, scopes: tuple[str, ...], address: str = "") -> dict[str, Any]:
    """What Google gives for the key: to use this address's mailbox, or, without one, in the key's own name."""
    claims = _claims(settings, _parsed(key), scopes) | ({"sub": address} if address else {})
    assertion: bytes = jwt.encode(signer_of(key), claims)  # type: ignore[no-untyped-call]
    return ask_for_token(settings, {"grant_type": GRANT, "assertion": assertion.decode()})


def _claims(settings: Settings, key: dict[str, Any], scopes: tuple[str, ...]) -> dict[str, Any]:
    """RFC 7523: an hour is the most that Google takes. Whom it is for is ours to say, never the key's."""
    now = int(machine_now().timestamp())
    whose = {"iss": key["client_email"], "aud": settings.token_url}
    return {**whose, "scope": " ".join(scopes), "iat": now, "exp": now + 3600}


def signer_of(key: str) -> Any:
    """Raises Outside (policy) for what is no key of a service account."""
    try:
        return crypt.RSASigner.from_service_account_info(_parsed(key))  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise Outside(OutsideKind.POLICY, "This is not the key of a service account.") from error


def _parsed(key: str) -> dict[str, Any]:
    try:
        read = json.loads(key)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(
        _is_text(read.get(name)) for name in ("client_email", "private_key")
    ):
        raise Outside(
            OutsideKind.POLICY, "This is not the key of a service account: paste its whole JSON file."
        )
    return read


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) < LONGEST
