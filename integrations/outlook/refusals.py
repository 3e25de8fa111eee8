"""Why Microsoft gives no token: its error (RFC 6749 section 5.2) and its own numbers, with what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.calls import Answer
from sales_campaigns.errors import Outside, OutsideKind

CLOCK = "The clock of this machine is not right. Set it, best by a time service."
AGAIN = "Connect the mailbox again."
LOOK = "An administrator must look at MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET and MICROSOFT_TENANT."
OTHER_TENANT = (
    "This account is of another organisation than this installation. Sign in with your address of this one."
)
# Numbers of Entra that say more than the error they stand in.
REMEDIES = {
    "AADSTS50020": OTHER_TENANT,
    "AADSTS90072": OTHER_TENANT,
    "AADSTS700016": "MICROSOFT_CLIENT_ID is not known to the organisation in MICROSOFT_TENANT.",
    "AADSTS90002": "The organisation in MICROSOFT_TENANT does not exist.",
    "AADSTS7000215": "MICROSOFT_CLIENT_SECRET is wrong: it wants the value of the secret, not its id.",
    "AADSTS7000222": "MICROSOFT_CLIENT_SECRET is over. Make a new one in the app registration.",
    "AADSTS50011": "The redirect address is not registered: PUBLIC_URL followed by /mailbox/consent, letter by letter.",
    "AADSTS65001": "An administrator of your organisation must let this application in first.",
    "AADSTS700082": "It was not used for too long. " + AGAIN,
    "AADSTS50173": "The password was changed, or every sign-in was ended. " + AGAIN,
}
REP_IS_ASKED = {"invalid_grant", "interaction_required", "consent_required", "login_required"}
_NUMBER = re.compile(r"AADSTS\d+")
LONGEST_WORDS = 200


def refusal_of(given: Mapping[str, Any], last: Answer | None) -> Outside:
    """`given` is what msal says; what it cannot read stands in the last answer."""
    if last is None or last.status < 300:
        return Outside(OutsideKind.TRANSIENT, "Microsoft's answer cannot be read.")
    said = given if given.get("error") else last.json()
    error, words = str(said.get("error", "")), str(said.get("error_description", ""))
    found = _NUMBER.search(words)
    kind = _kind(error, last.status)
    what_to_do = REMEDIES.get(found[0] if found else "") or _what_to_do(kind)
    clock = last.clock_words if kind is OutsideKind.AUTHORISATION else ""
    told = f"Microsoft said: {_short(words) or error or last.status}. {clock or what_to_do}".strip()
    until = last.retry_at if kind is OutsideKind.RATE_LIMITED else None
    return Outside(OutsideKind.POLICY if clock else kind, told, code=last.status, retry_at=until)


def _kind(error: str, status: int) -> OutsideKind:
    if error in REP_IS_ASKED:
        return OutsideKind.AUTHORISATION
    if status == 429:
        return OutsideKind.RATE_LIMITED
    if status >= 500 or error in ("temporarily_unavailable", "server_error"):
        return OutsideKind.TRANSIENT
    return OutsideKind.POLICY


def _what_to_do(kind: OutsideKind) -> str:
    return {OutsideKind.AUTHORISATION: AGAIN, OutsideKind.POLICY: LOOK}.get(kind, "")


def _short(words: str) -> str:
    """Without the trace and correlation numbers behind it."""
    return (
        words.split("Trace ID", maxsplit=1)[0].split("\n", maxsplit=1)[0].strip().rstrip(".")[:LONGEST_WORDS]
    )
