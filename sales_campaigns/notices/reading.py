"""Reading notices, and marking them as seen."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.notices.models import Notice
from sales_campaigns.notices.wishes import wishes_of
from sales_campaigns.unit_of_work import UnitOfWork

PAGE = 100


def unseen(session: Session, user: User) -> int:
    query = sa.select(sa.func.count()).select_from(Notice).where(*_of(user), Notice.seen_at.is_(None))
    return session.scalar(query) or 0


def newest_notices(session: Session, user: User, limit: int = PAGE) -> Sequence[Notice]:
    """The user's own, the newest first."""
    return session.scalars(sa.select(Notice).where(*_of(user)).order_by(Notice.id.desc()).limit(limit)).all()


def notices_after(session: Session, user: User, last: int, limit: int = 5) -> Sequence[Notice]:
    """What has come since the one with the id `last` and is not seen, the oldest first."""
    new = (*_of(user), Notice.id > last, Notice.seen_at.is_(None))
    return session.scalars(sa.select(Notice).where(*new).order_by(Notice.id).limit(limit)).all()


def see_all(uow: UnitOfWork, user: User, last: int) -> int:
    """Mark as seen what came up to the one with the id `last`; how many. Later ones were not on the page."""
    seen = uow.session.execute(
        sa.update(Notice)
        .where(Notice.user_id == user.id, Notice.id <= last, Notice.seen_at.is_(None))
        .values(seen_at=uow.now)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    return len(seen.all())


def _of(user: User) -> tuple[sa.ColumnElement[bool], ...]:
    return Notice.user_id == user.id, Notice.kind.in_(wishes_of(user).shown)
