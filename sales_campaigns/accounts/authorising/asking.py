"""Asking a rep's provider for consent: a question that can be answered once, soon, and by the same browser.

The rule: authorisation code with PKCE and state; the state is single use, bound to the session, and expires (RFC 9700).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import ConsentAsked, User
from sales_campaigns.accounts.secrets import Seal, hashed, new_token
from sales_campaigns.addresses import check_address
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import Consent
from sales_campaigns.unit_of_work import UnitOfWork

VALID = timedelta(minutes=10)
UNKNOWN = "This answer belongs to no question that was asked from here. Begin again."
_NUMBER = re.compile(r"AADSTS\d+")  # Microsoft's errors are few, its numbers say which it was
REFUSED = {
    "access_denied": "You did not give your permission, so nothing was connected.",
    "admin_policy_enforced": "The administrator of your organisation does not allow this application yet.",
    "org_internal": "This application is for another organisation: sign in with your address of this one.",
    "AADSTS50020": "This application is for another organisation: sign in with your address of this one.",
    "AADSTS50105": "The administrator of your organisation has not given you this application yet.",
    "AADSTS65001": "An administrator of your organisation must let this application in first.",
    "AADSTS90094": "An administrator of your organisation must let this application in first.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: whose permission, for which address, and what redeems the answer."""

    provider: str
    address: str
    verifier: str
    redirect: str


def ask(
    uow: UnitOfWork,
    actor: User,
    consent: Consent,
    seal: Seal,
    *,
    provider: str,
    address: str,
    session: str,
    redirect: str,
) -> str:
    """Where the rep is sent. `session` is the token of the rep's sign-in. Raises Invalid for what is no address."""
    try:
        wanted = check_address(address).wire
    except Invalid as refusal:
        raise Invalid({"consent_address": next(iter(refusal.problems.values()))}) from None
    state, verifier = new_token(), new_token()
    _forget_old(uow)
    uow.session.add(
        ConsentAsked(
            state_hash=hashed(state),
            user_id=actor.id,
            session_hash=hashed(session),
            provider=provider,
            address=wanted,
            redirect=redirect,
            sealed_verifier=seal.close(verifier),
            expires_at=machine_now() + VALID,
        )
    )
    return consent.address_of_consent(state, _challenge(verifier), redirect, wanted)


def take_answer(
    uow: UnitOfWork, actor: User, seal: Seal, session: str, answer: Mapping[str, str]
) -> Question:
    """The question that this answer belongs to, which is used up with it. Raises Invalid with what to do."""
    asked = uow.session.scalar(
        sa.select(ConsentAsked)
        .where(ConsentAsked.state_hash == hashed(answer.get("state", "")))
        .with_for_update()
    )
    if asked is None or (asked.user_id, asked.session_hash) != (actor.id, hashed(session)):
        raise Invalid(UNKNOWN)
    if asked.used_at is not None:
        raise Invalid("This answer was used already. Begin again if the mailbox is not connected.")
    if asked.expires_at < machine_now():
        raise Invalid("The answer took longer than ten minutes. Begin again.")
    asked.used_at = machine_now()
    return Question(asked.provider, asked.address, seal.open(asked.sealed_verifier), asked.redirect)


def code_in(answer: Mapping[str, str], consent: Consent) -> str:
    """The code of an answer that grants. Raises Invalid for a no, and for the answer of somebody else (RFC 9207)."""
    issuer = answer.get("iss", "")
    if issuer and issuer.rstrip("/") != consent.issuer.rstrip("/"):
        raise Invalid(f"This answer does not come from {consent.label}. Nothing was connected.")
    error = answer.get("error", "")
    if error:
        told = answer.get("error_description", "") or error
        number = _NUMBER.search(told)
        known = REFUSED.get(number[0] if number else "") or REFUSED.get(error)
        raise Invalid(known or f"{consent.label} did not connect it: {told[:200]}")
    if not answer.get("code"):
        raise Invalid(UNKNOWN)
    return answer["code"]


def _challenge(verifier: str) -> str:
    """S256 (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _forget_old(uow: UnitOfWork) -> None:
    old = ConsentAsked.expires_at < machine_now() - timedelta(days=1)
    uow.session.execute(sa.delete(ConsentAsked).where(old))
