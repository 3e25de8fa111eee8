"""Who opted out, who complained, and who is let in again: facts of an address, with their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.people.models import Address, Person, SubscriptionChange
from sales_campaigns.unit_of_work import UnitOfWork

BY_MAIL, BY_HAND, BY_LINK = "mail", "hand", "link"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history; `who` is "" when no user did it."""

    change: SubscriptionChange
    who: str


def opt_out(
    uow: UnitOfWork,
    address_ids: Iterable[int],
    *,
    source: str,
    reason: str = "",
    actor: User | None = None,
    team_id: int | None = None,
) -> list[int]:
    """No more mail to these addresses, whoever has them; those that had not opted out before."""
    changed = uow.session.scalars(
        sa.update(Address)
        .where(Address.id.in_(list(address_ids)), Address.opted_out_at.is_(None))
        .values(opted_out_at=uow.now)
        .returning(Address.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    rows = [
        {
            "address_id": id,
            "at": uow.now,
            "subscribed": False,
            "source": source,
            "reason": reason,
            "team_id": actor.team_id if actor else team_id,
            "user_id": actor.id if actor else None,
        }
        for id in sorted(changed)
    ]
    if rows:
        uow.session.execute(sa.insert(SubscriptionChange), rows)
    return sorted(changed)


def opt_back_in(
    uow: UnitOfWork, actor: User, address_ids: Iterable[int], *, since: datetime, reason: str = "undone"
) -> list[int]:
    """Take back an opt-out of exactly that instant; those of another one stay. The ids of those let in again."""
    back = uow.session.scalars(
        sa.update(Address)
        .where(Address.id.in_(list(address_ids)), Address.opted_out_at == since)
        .values(opted_out_at=None)
        .returning(Address.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    about = {"at": uow.now, "subscribed": True, "source": BY_HAND, "reason": reason}
    whose = {"team_id": actor.team_id, "user_id": actor.id}
    if back:
        rows = [{"address_id": id, **about, **whose} for id in sorted(back)]
        uow.session.execute(sa.insert(SubscriptionChange), rows)
    return sorted(back)


def complain(uow: UnitOfWork, address_ids: Iterable[int], words: str) -> None:
    """A spam complaint stays: nobody at this address is written to again."""
    uow.session.execute(
        sa.update(Address)
        .where(Address.id.in_(list(address_ids)), Address.complained_at.is_(None))
        .values(complained_at=uow.now, trouble=words)
        .execution_options(synchronize_session="fetch")
    )


def resubscribe(uow: UnitOfWork, actor: User, person: Person, reason: str) -> None:
    """The rule: only administrators let somebody in again, with a reason. Campaigns that ended stay ended."""
    require(actor, "resubscribe")
    if not reason.strip():
        raise Invalid({"reason": "Say why: it stands in the history of this address."})
    address = uow.session.get(Address, person.address_id, with_for_update=True) if person.address_id else None
    if address is None or address.opted_out_at is None:
        raise IllegalMove("This address has not unsubscribed.")
    address.opted_out_at = None
    uow.session.add(
        SubscriptionChange(
            address_id=address.id,
            at=uow.now,
            subscribed=True,
            source=BY_HAND,
            reason=reason.strip(),
            team_id=actor.team_id,
            user_id=actor.id,
        )
    )
    data = {"words": reason.strip()}
    uow.record(
        "person.resubscribed", actor_id=actor.id, team_id=person.team_id, person_id=person.id, data=data
    )


def changes_of(session: Session, person: Person) -> Sequence[Change]:
    """The history of the person's address, the newest first. Who did it is named within the own team only."""
    rows = session.execute(
        sa.select(SubscriptionChange, User)
        .outerjoin(User, sa.and_(User.id == SubscriptionChange.user_id, User.team_id == person.team_id))
        .where(SubscriptionChange.address_id == person.address_id)
        .options(lazyload(User.team))  # joined, it would leave out what no user did
        .order_by(SubscriptionChange.id.desc())
    )
    return [Change(change, user.name if user else "") for change, user in rows]
