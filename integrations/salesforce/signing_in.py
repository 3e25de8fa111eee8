"""OAuth 2 with Salesforce: the web server flow with PKCE (RFC 7636), refreshing, and the JWT bearer flow (RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, Outside, OutsideKind
from sales_campaigns.ports.crm import CrmAccount, SignInPage

TIMEOUT = (10, 30)
ASSERTION_SECONDS = 180
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = "api refresh_token"


@dataclass(frozen=True, slots=True)
class Settings:
    """`login_url` gives tokens. `ca_bundle` is a file of authorities; None trusts what the machine trusts."""

    login_url: str = "https://login.salesforce.com"
    version: str = "62.0"
    ca_bundle: str | None = None


def sign_in_page(settings: Settings, account: CrmAccount, back: str, state: str) -> SignInPage:
    """The page of Salesforce on which an administrator lets us in."""
    verifier = secrets.token_urlsafe(64)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": account.secret["client_id"],
        "redirect_uri": back,
        "state": state,
        "scope": SCOPES,
        "code_challenge": _unpadded(digest),
        "code_challenge_method": "S256",
    }
    return SignInPage(f"{settings.login_url}/services/oauth2/authorize?{urlencode(asked)}", verifier)


def signed_in(settings: Settings, account: CrmAccount, back: str, code: str, verifier: str) -> CrmAccount:
    """The account with what the code of the page was changed for. Raises Outside."""
    given = _token(
        settings,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            **_client(account.secret),
        },
    )
    return _with_tokens(account, given)


def renewed(settings: Settings, account: CrmAccount) -> CrmAccount:
    """The account with a new access token, by refresh token or by an assertion of our own. Raises Outside."""
    secret = account.secret
    if secret.get("private_key"):
        asked = {"grant_type": JWT_BEARER, "assertion": _assertion(settings, secret)}
    else:
        refresh = secret.get("refresh_token", "")
        asked = {"grant_type": "refresh_token", "refresh_token": refresh, **_client(secret)}
    return _with_tokens(account, _token(settings, asked))


def _client(secret: Mapping[str, str]) -> dict[str, str]:
    return {name: secret[name] for name in ("client_id", "client_secret") if secret.get(name)}


def _with_tokens(account: CrmAccount, given: Mapping[str, Any]) -> CrmAccount:
    names = ("access_token", "refresh_token", "instance_url")
    secret = {**account.secret, **{name: str(given[name]) for name in names if given.get(name)}}
    return replace(account, secret=secret, instance_url=secret.get("instance_url", account.instance_url))


def _token(settings: Settings, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """One request, never repeated by itself: a code and a rotated token are good for one use."""
    url = f"{settings.login_url}/services/oauth2/token"
    try:
        answer = requests.post(url, data=dict(asked), timeout=TIMEOUT, verify=settings.ca_bundle or True)
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Outside(OutsideKind.TRANSIENT, f"Salesforce's sign-in does not answer: {error}") from None
    if answer.status_code == 200:
        return dict(said)
    words = f"Salesforce does not let us in: {said.get('error')}, {said.get('error_description')}."
    kind = OutsideKind.TRANSIENT if answer.status_code >= 500 else OutsideKind.AUTHORISATION
    raise Outside(kind, words, code=answer.status_code)


def _assertion(settings: Settings, secret: Mapping[str, str]) -> str:
    """Signed with the key whose certificate the External Client App knows; good for three minutes."""
    claims = {
        "iss": secret["client_id"],
        "sub": secret["username"],
        "aud": settings.login_url,
        "exp": int(machine_now().timestamp()) + ASSERTION_SECONDS,
    }
    parts = ".".join(
        _unpadded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)
    )
    signature = _key(secret["private_key"]).sign(parts.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{parts}.{_unpadded(signature)}"


def _key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise Invalid({"private_key": "This is no RSA private key in PEM without a password."})
    return key


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
