"""Tokens: which a user has, and who shows one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.secrets import hashed
from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.clock import machine_now

NOTED_EVERY = timedelta(minutes=5)  # a request that reads should seldom write
# Every request asks it: built once, since putting it together takes longer than running it.
_SHOWN = (
    sa.select(ApiToken)
    .join(User, User.id == ApiToken.user_id)
    .where(
        ApiToken.token_hash == sa.bindparam("shown"),
        ApiToken.revoked_at.is_(None),
        sa.or_(
            ApiToken.expires_at.is_(None),
            ApiToken.expires_at > sa.bindparam("now", type_=ApiToken.expires_at.type),
        ),
        User.active,
    )
)


def tokens_of(session: Session, user: User) -> Sequence[ApiToken]:
    """The tokens that were not revoked, the newest first."""
    mine = sa.select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return session.scalars(mine.order_by(ApiToken.id.desc())).all()


def token_shown(session: Session, token: str) -> ApiToken | None:
    """The row of a token that is good now: neither revoked nor expired, and its user active."""
    return session.scalar(_SHOWN, {"shown": hashed(token), "now": machine_now()})


def use_is_old(token: ApiToken) -> bool:
    return token.used_at is None or token.used_at < machine_now() - NOTED_EVERY


def note_use(session: Session, token_id: int) -> None:
    session.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(used_at=machine_now()))
