"""Enrollments are changed by one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.unit_of_work import UnitOfWork


def one_at_a_time(uow: UnitOfWork, enrollment_ids: Iterable[int]) -> list[int]:
    """Lock them in order of id: of two who each end a step, both would see the other's step still waiting."""
    ids = sorted(set(enrollment_ids))
    uow.session.execute(
        sa.select(Enrollment.id)
        .where(Enrollment.id.in_(ids))
        .order_by(Enrollment.id)
        .with_for_update(key_share=True)
    )
    _read_again(uow.session, ids)
    return ids


def _read_again(session: Session, ids: Iterable[int]) -> None:
    """What was read before the lock may have changed since."""
    known = [id for id in ids if identity_key(Enrollment, id) in session.identity_map]
    if known:
        rows = sa.select(Enrollment).where(Enrollment.id.in_(known))
        session.scalars(rows.execution_options(populate_existing=True)).all()
