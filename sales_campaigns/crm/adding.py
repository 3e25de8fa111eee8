"""Rows that a rep chose in a list of the CRM, sent here by a button that signs what it says."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.accounts.secrets import Seal, new_token
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.crm.connecting import the_connection
from sales_campaigns.crm.models import ConnectionState, CrmAddition, CrmConnection
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

MOST = 200  # the CRM lets as many rows be selected
FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came: `at` in seconds since 1970, `signature` the HMAC-SHA256 of `at`, a full stop and `body`."""

    at: str
    signature: str
    body: bytes


def key_of(uow: UnitOfWork, actor: User, seal: Seal) -> str:
    """What the button signs with, for an administrator to copy."""
    return seal.open(the_connection(uow, actor).signing_key)


def new_key(uow: UnitOfWork, actor: User, seal: Seal) -> None:
    """The former one opens nothing any more."""
    connection = the_connection(uow, actor)
    connection.signing_key = seal.close(new_token())
    uow.record("crm.key_changed", actor_id=actor.id, team_id=connection.team_id)


def take_addition(
    uow: UnitOfWork, seal: Seal, connection_id: int, signed: Signed, now: datetime
) -> CrmAddition:
    """Keep whom a rep chose; the same request twice is one. `now` is machine time, as the clock of the CRM is.

    Raises NotFound, NotAllowed for a signature that is wrong or old, and Invalid.
    """
    connection = uow.session.get(CrmConnection, connection_id, with_for_update=True)
    if connection is None or connection.state is not ConnectionState.CONNECTED:
        raise NotFound
    _check(seal.open(connection.signing_key), signed, now)
    known = uow.session.scalar(sa.select(CrmAddition).where(CrmAddition.signature == signed.signature))
    return known or _kept(uow, connection, signed)


def addition_of(session: Session, actor: User, addition_id: int) -> CrmAddition:
    """What the actor chose. Raises NotFound for what somebody else did; administrators see everything."""
    found = session.get(CrmAddition, addition_id)
    if found is None or (found.user_id != actor.id and not sees_every_team(actor)):
        raise NotFound("Nobody was chosen here, or somebody else did.")
    return found


def signature_of(key: str, at: str, body: bytes) -> str:
    return hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _check(key: str, signed: Signed, now: datetime) -> None:
    wanted = signature_of(key, signed.at, signed.body)
    if not hmac.compare_digest(wanted.encode(), signed.signature.encode()):
        raise NotAllowed("The signature is wrong.")
    if not signed.at.isdecimal() or abs(now.timestamp() - int(signed.at[:12])) > FRESH.total_seconds():
        raise NotAllowed("The signature is older than five minutes.")


def _kept(uow: UnitOfWork, connection: CrmConnection, signed: Signed) -> CrmAddition:
    said = _said(signed.body)
    email = str(said.get("user", "")).lower()
    who = sa.select(User).where(User.team_id == connection.team_id, User.email == email, User.active)
    user = uow.session.scalar(who) if "\x00" not in email else None  # PostgreSQL knows no such text
    if user is None:
        raise Invalid({"user": "Nobody of the team signs in with this address."})
    row = CrmAddition(
        connection_id=connection.id,
        user_id=user.id,
        campaign_id=_campaign(uow, connection, said.get("campaign")),
        crm_ids=_ids(said.get("ids")),
        signature=signed.signature,
        created_at=uow.now,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _said(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Invalid({"": "Send a JSON object with user, ids and, if you like, campaign."})
    if others := said.keys() - {"user", "ids", "campaign"}:
        raise Invalid(dict.fromkeys(sorted(others), "There is no such field."))
    return said


def _ids(given: object) -> Sequence[str]:
    ids = [str(one) for one in given] if isinstance(given, list) else []
    if not 0 < len(ids) <= MOST:
        raise Invalid({"ids": f"Send 1 to {MOST} ids."})
    if not all(id.isalnum() and len(id) <= 20 for id in ids):
        raise Invalid({"ids": "Send ids of the CRM."})
    return list(dict.fromkeys(ids))


def _campaign(uow: UnitOfWork, connection: CrmConnection, given: object) -> int | None:
    if given in (None, ""):
        return None
    number = int(str(given)) if str(given).isdecimal() and len(str(given)) < 10 else 0
    campaign = uow.session.get(Campaign, number)
    if campaign is None or campaign.team_id != connection.team_id:
        raise Invalid({"campaign": "The team has no such campaign."})
    return campaign.id
