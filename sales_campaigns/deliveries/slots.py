"""Who leaves when: recipients of a prepared delivery dealt into waves and into the slots of a capacity rule."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Recipient
from sales_campaigns.deliveries.waves import Wave, ends_of


def deal_into_waves(session: Session, delivery_id: int, waves: Sequence[Wave], recipients: int) -> None:
    """Each wave takes the next addresses, in one statement: a range of the key, however many they are."""
    begin = 0
    for wave, end in zip(waves, ends_of(waves, recipients), strict=True):
        last = _address_at(session, delivery_id, end)
        if wave.after and last > begin:
            those = (Recipient.address_id > begin, Recipient.address_id <= last)
            _put_off(session, delivery_id, wave.after, *those)
        begin = last


def deal_into_slots(
    session: Session, delivery_id: int, messages: int, hours: int, *, taken: int = 0, since: int = 0
) -> None:
    """The rule: more than N an hour or a day moves to the next slot. What leaves at one instant is dealt out.

    Of a continuous delivery those who leave `since` so many seconds stand behind the places that are `taken` already.
    """
    rank = sa.func.row_number().over(partition_by=Recipient.after, order_by=Recipient.address_id)
    ranked = (
        sa.select(Recipient.address_id, Recipient.occasion, (rank - 1 + taken).label("place"))
        .where(Recipient.delivery_id == delivery_id, Recipient.after >= since)
        .subquery()
    )
    slot = ranked.c.place // messages
    session.execute(
        sa.update(Recipient)
        .where(
            Recipient.delivery_id == delivery_id,
            Recipient.address_id == ranked.c.address_id,
            Recipient.occasion == ranked.c.occasion,
            ranked.c.place >= messages,
        )
        .values(after=Recipient.after + slot * hours * 3600)
        .execution_options(synchronize_session=False)
    )


def latest(session: Session, delivery_id: int) -> int:
    """How many seconds after the start the last recipients leave."""
    query = sa.select(sa.func.max(Recipient.after)).where(Recipient.delivery_id == delivery_id)
    return session.scalar(query) or 0


def earliest(session: Session, delivery_id: int) -> int | None:
    """How many seconds after the start the first waiting recipients leave; None when none waits."""
    query = sa.select(sa.func.min(Recipient.after)).where(Recipient.delivery_id == delivery_id)
    return session.scalar(query)


def _address_at(session: Session, delivery_id: int, place: int) -> int:
    """The address of the recipient at this place, counted from 1."""
    addresses = sa.select(Recipient.address_id).where(Recipient.delivery_id == delivery_id)
    return session.scalar(addresses.order_by(Recipient.address_id).offset(max(place, 1) - 1).limit(1)) or 0


def _put_off(session: Session, delivery_id: int, seconds: int, *those: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(Recipient)
        .where(Recipient.delivery_id == delivery_id, *those)
        .values(after=Recipient.after + seconds)
        .execution_options(synchronize_session=False)
    )
