"""The row of an address: one for the whole installation, made when it is first seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sales_campaigns.addresses import MailAddress
from sales_campaigns.people.erased import erased_among
from sales_campaigns.people.models import Address
from sales_campaigns.unit_of_work import now_of


def ensure_addresses(session: Session, addresses: Iterable[MailAddress]) -> dict[str, int]:
    """Get or make the rows of these addresses and lock them until the transaction ends; key → id.

    The lock, taken in the order of ids, keeps two transactions from making the same person twice.
    """
    wanted = {address.key: address for address in addresses}
    if not wanted:
        return {}
    rows = [
        {"email": key, "domain": wanted[key].domain, "needs_utf8": wanted[key].needs_utf8, "trouble": ""}
        for key in sorted(wanted)
    ]
    session.execute(insert_missing(session, Address), rows)
    query = sa.select(Address.email, Address.id).where(Address.email.in_(wanted)).order_by(Address.id)
    found = session.execute(query.with_for_update(key_share=True))
    ids = {row.email: row.id for row in found}
    _know_again(session, wanted)
    return ids


def _know_again(session: Session, keys: Iterable[str]) -> None:
    """The rule: an erased address stays suppressed, and an import does not bring it back to be mailed."""
    if erased := erased_among(session, keys):
        new = sa.update(Address).where(Address.email.in_(erased), Address.erased_at.is_(None))
        session.execute(new.values(erased_at=now_of(session)))


def insert_missing(session: Session, model: Any) -> Any:
    """INSERT … ON CONFLICT DO NOTHING, in the words of the database at hand."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    return insert(model.__table__).on_conflict_do_nothing()
