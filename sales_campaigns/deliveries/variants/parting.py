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
    """In one statement, by the lots of their addresses: the lowest try the variants, in turn.

    So every variant has as many people as any other, or one more, and preparing anew deals them in the same way.
    """
    ranked = _ranked(delivery_id)
    place, is_rest = ranked.c.place, ranked.c.place >= tried_part(share, recipients)
    turns = sa.case(dict(enumerate(letters)), value=place % len(letters))
    session.execute(
        sa.update(Recipient)
        .where(Recipient.delivery_id == delivery_id, Recipient.address_id == ranked.c.address_id)
        .values(
            variant=sa.case((is_rest, ""), else_=turns),
            after=sa.case((is_rest, sa.null()), else_=Recipient.after),
        )
        .execution_options(synchronize_session=False)
    )


def _ranked(delivery_id: int) -> sa.Subquery:
    """(address, place by its lot, from 0)."""
    lots = lot(sa.literal(delivery_id, sa.BigInteger()), sa.cast(Recipient.address_id, sa.BigInteger()))
    place = sa.func.row_number().over(order_by=(lots, Recipient.address_id)) - 1
    mine = sa.select(Recipient.address_id, place.label("place")).where(Recipient.delivery_id == delivery_id)
    return mine.subquery()
