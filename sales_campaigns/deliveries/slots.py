"""Who leaves when: recipients of a prepared delivery dealt into waves. Slots of capacity rules: `capacity.py`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Recipient
from sales_campaigns.deliveries.waves import Wave, ends_of


def deal_into_waves(
    session: Session, delivery_id: int, waves: Sequence[Wave], recipients: int, *among: sa.ColumnElement[bool]
) -> None:
    """Each wave takes the next addresses, in one statement: a range of the key, however many they are.

    `among`: those of the recipients who leave in waves, where that is not all of them.
    """
    begin = 0
    for wave, end in zip(waves, ends_of(waves, recipients), strict=True):
        last = _address_at(session, delivery_id, end, *among)
        if wave.after and last > begin:
            those = (Recipient.address_id > begin, Recipient.address_id <= last, *among)
            _put_off(session, delivery_id, wave.after, *those)
        begin = last


def latest(session: Session, delivery_id: int) -> int:
    """How many seconds after the start the last recipients leave."""
    query = sa.select(sa.func.max(Recipient.after)).where(Recipient.delivery_id == delivery_id)
    return session.scalar(query) or 0


def earliest(session: Session, delivery_id: int) -> int | None:
    """How many seconds after the start the first waiting recipients leave; None when none waits."""
    query = sa.select(sa.func.min(Recipient.after)).where(Recipient.delivery_id == delivery_id)
    return session.scalar(query)


def _address_at(session: Session, delivery_id: int, place: int, *among: sa.ColumnElement[bool]) -> int:
    """The address of the recipient at this place, counted from 1."""
    addresses = sa.select(Recipient.address_id).where(Recipient.delivery_id == delivery_id, *among)
    return session.scalar(addresses.order_by(Recipient.address_id).offset(max(place, 1) - 1).limit(1)) or 0


def _put_off(session: Session, delivery_id: int, seconds: int, *those: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(Recipient)
        .where(Recipient.delivery_id == delivery_id, *those)
        .values(after=Recipient.after + seconds)
        .execution_options(synchronize_session=False)
    )
