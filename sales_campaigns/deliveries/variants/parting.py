"""Deal the recipients of a prepared delivery: a part tries the variants, the rest waits for the winner."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Recipient
from sales_campaigns.deliveries.variants.plan import lot, tried_part


def deal_variants(
    session: Session, delivery_id: int, share: int, letters: Sequence[str], recipients: int
) -> None:
    """By the lots of their addresses, a statement for each variant: the lowest try them, in turn.

    So every variant has as many people as any other, or one more, and preparing anew deals them in the same way.
    Recipients are named by sets of addresses: joined to their places, SQLite looked at all for each (measured).
    """
    ranked, size = _ranked(delivery_id), tried_part(share, recipients)
    for turn, letter in enumerate(letters):
        theirs = (ranked.c.place < size, ranked.c.place % len(letters) == turn)
        tries = Recipient.address_id.in_(sa.select(ranked.c.address_id).where(*theirs))
        _update(session, delivery_id, tries, variant=letter)
    _update(session, delivery_id, Recipient.variant == "", after=None)


def _update(session: Session, delivery_id: int, those: sa.ColumnElement[bool], **values: object) -> None:
    session.execute(
        sa.update(Recipient)
        .where(Recipient.delivery_id == delivery_id, those)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _ranked(delivery_id: int) -> sa.Subquery:
    """(address, place by its lot, from 0)."""
    lots = lot(sa.literal(delivery_id, sa.BigInteger()), sa.cast(Recipient.address_id, sa.BigInteger()))
    place = sa.func.row_number().over(order_by=(lots, Recipient.address_id)) - 1
    mine = sa.select(Recipient.address_id, place.label("place")).where(Recipient.delivery_id == delivery_id)
    return mine.subquery()
