"""A request that is sent twice is done once: by a key that the caller gives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.api_access.models import KeptAnswer
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork

KEPT_FOR = timedelta(hours=24)
FIELD = "Idempotency-Key"


def begin(uow: UnitOfWork, actor: User, key: str, request_hash: str) -> KeptAnswer:
    """The row of this key: with an answer (`status` is set) where the request was done before.

    Whoever sends the same meanwhile waits here for the other transaction. Raises Invalid where the key stood for
    another request in the last 24 hours.
    """
    _forget_old(uow)
    values = {"user_id": actor.id, "key": key, "request_hash": request_hash, "at": machine_now()}
    uow.session.execute(_insert_if_new(uow, {**values, "status": 0, "body": "", "headers": {}}))
    row = uow.session.scalars(
        sa.select(KeptAnswer).where(KeptAnswer.user_id == actor.id, KeptAnswer.key == key)
    ).one()
    if row.request_hash != request_hash:
        raise Invalid({FIELD: "This key was used for another request. Take a new one."})
    return row


def keep(row: KeptAnswer, status: int, body: str, headers: Mapping[str, str]) -> None:
    """What the same request is answered from now on."""
    row.status, row.body, row.headers = status, body, dict(headers)


def _insert_if_new(uow: UnitOfWork, values: Mapping[str, object]) -> sa.Executable:
    statement: sa.Executable = insert_missing(uow.session, KeptAnswer).values(**values)
    return statement


def _forget_old(uow: UnitOfWork) -> None:
    old = sa.delete(KeptAnswer).where(KeptAnswer.at < machine_now() - KEPT_FOR)
    uow.session.execute(old.execution_options(synchronize_session=False))
