"""Mailboxes for all by the key of the organisation: laid down by an administrator, sealed, and taken away again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import DelegationKey, Grant, Mailbox, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.ports import Delegation
from sales_campaigns.unit_of_work import UnitOfWork


def keys_of(session: Session) -> dict[str, DelegationKey]:
    """What was laid down, by provider."""
    return {key.provider: key for key in session.scalars(sa.select(DelegationKey))}


def hanging_on(session: Session, provider: str) -> int:
    """How many mailboxes are open by this key."""
    count = sa.select(sa.func.count()).select_from(Grant).join(Mailbox, Mailbox.id == Grant.mailbox_id)
    return session.scalar(count.where(Grant.delegated, Mailbox.provider == provider)) or 0


def lay_down(
    uow: UnitOfWork, actor: User, provider: str, delegation: Delegation, key: str, seal: Seal
) -> DelegationKey:
    """Keep the key instead of the former one. Raises Invalid for what is no key, beside its field."""
    require(actor, "manage_installation")
    try:
        whose = delegation.whose(key)
    except Outside as refused:
        raise Invalid({"key": refused.words}) from refused
    row = uow.session.get(DelegationKey, provider) or DelegationKey(provider=provider)
    row.sealed_key, row.whose, row.author_id, row.added_at = seal.close(key), whose, actor.id, machine_now()
    uow.session.add(row)
    data = {"provider": provider, "whose": whose}
    uow.record("delegation.laid_down", actor_id=actor.id, team_id=actor.team_id, data=data)
    return row


def take_away(uow: UnitOfWork, actor: User, provider: str) -> str:
    """Mailboxes that hang on it wait from their next token on. Whose it was. Raises NotFound."""
    require(actor, "manage_installation")
    row = uow.session.get(DelegationKey, provider)
    if row is None:
        raise NotFound("There is no key here.")
    uow.session.delete(row)
    data = {"provider": provider, "whose": row.whose}
    uow.record("delegation.taken_away", actor_id=actor.id, team_id=actor.team_id, data=data)
    return row.whose


def key_of(session: Session, actor: User, provider: str, seal: Seal) -> str:
    """The opened key. Raises NotFound."""
    require(actor, "manage_installation")
    row = session.get(DelegationKey, provider)
    if row is None:
        raise NotFound("Lay down the key of the organisation first.")
    return seal.open(row.sealed_key)
