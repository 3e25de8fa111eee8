"""One round with one CRM: read what changed there, then write what changed here. The key of the job is the connection.

Each part is a transaction of its own, and none is open during a call. What fails leaves the rest where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock
from sales_campaigns.crm.accounts import account_of, keep_secret
from sales_campaigns.crm.gathering import gather
from sales_campaigns.crm.models import ConnectionState, CrmConnection, CrmRecord, CrmUser, RecordState
from sales_campaigns.crm.states import CONNECTION
from sales_campaigns.database import Sessions
from sales_campaigns.errors import NotFound, Outside, OutsideKind
from sales_campaigns.ports.crm import Crm, Crms
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

EVERY = timedelta(seconds=30)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
LIMIT_PAUSE = timedelta(minutes=15)  # where the CRM does not say when it goes on
AT_WORK = frozenset({ConnectionState.CONNECTED, ConnectionState.LOST})


@dataclass(frozen=True)
class CrmDesk:
    """What a round needs: the database, the time, the way out, and the seal of the tokens."""

    sessions: Sessions
    clock: Clock
    crms: Crms
    seal: Seal

    def work(self) -> AbstractContextManager[UnitOfWork]:
        return unit_of_work(self.sessions, self.clock)

    def keep(self, connection_id: int, user_id: int, secret: Mapping[str, str]) -> None:
        with self.work() as uow:
            keep_secret(uow, self.seal, connection_id, user_id, secret)


@dataclass
class Round:
    """One round on its way. `crm` is the connection's own user; others are opened where a rep has signed in."""

    desk: CrmDesk
    connection_id: int
    opened: dict[int, Crm] = field(default_factory=dict)

    @property
    def crm(self) -> Crm:
        return self.speaking_as(0)

    def speaking_as(self, user_id: int) -> Crm:
        if user_id not in self.opened:
            with self.desk.work() as uow:
                connection = uow.session.get_one(CrmConnection, self.connection_id)
                user = uow.session.get(CrmUser, (self.connection_id, user_id)) if user_id else None
                account = account_of(connection, self.desk.seal, self.desk.keep, user)
            self.opened[user_id] = self.desk.crms.open(account)
        return self.opened[user_id]

    @contextmanager
    def connection(self) -> Iterator[tuple[UnitOfWork, CrmConnection]]:
        with self.desk.work() as uow:
            yield uow, uow.session.get_one(CrmConnection, self.connection_id)


def with_changes(uow: UnitOfWork) -> Sequence[int]:
    """The connections whose team has tasks that were written since we looked; also while the CRM is away."""
    changed = sa.exists().where(Task.team_id == CrmConnection.team_id, Task.unseen)
    query = sa.select(CrmConnection.id).where(CrmConnection.state.in_(AT_WORK), changed)
    return uow.session.scalars(query.order_by(CrmConnection.id)).all()


def gather_changes(uow: UnitOfWork, connection_id: int) -> int:
    return gather(uow, uow.session.get_one(CrmConnection, connection_id))


def connections_due(uow: UnitOfWork) -> Sequence[int]:
    """Those whose time has come, and those for which something waits to be written."""
    waiting = sa.exists().where(
        CrmRecord.connection_id == CrmConnection.id,
        CrmRecord.state == RecordState.WAITING,
        CrmRecord.due_at <= uow.now,
        CrmRecord.ending == "",
    )
    query = sa.select(CrmConnection.id).where(
        CrmConnection.state == ConnectionState.CONNECTED,
        CrmConnection.paused_until.is_(None) | (CrmConnection.paused_until <= uow.now),
        (CrmConnection.look_at <= uow.now) | waiting,
    )
    return uow.session.scalars(query.order_by(CrmConnection.id)).all()


def rest(uow: UnitOfWork, connection_id: int, refused: Outside) -> None:
    """The whole organisation waits: until its limit lets it go on, or a little longer each time it does not answer.

    The rule: a limit pauses the organisation, not the item. Nothing is lost: what waits, waits.
    """
    connection = uow.session.get(CrmConnection, connection_id, with_for_update=True)
    if connection is None or connection.state is not ConnectionState.CONNECTED:
        return
    connection.trouble = refused.words
    if refused.kind is OutsideKind.AUTHORISATION:
        uow.move(CONNECTION, connection, "lose", about={"team_id": connection.team_id})
        return
    if refused.kind is OutsideKind.RATE_LIMITED:
        connection.paused_until = refused.retry_at or uow.now + LIMIT_PAUSE
        return
    since = connection.failing_since or uow.now
    connection.failing_since = since
    connection.paused_until = uow.now + min(max(uow.now - since, FIRST_PAUSE), LONGEST_PAUSE)


def all_is_well(uow: UnitOfWork, connection_id: int, crm: Crm) -> None:
    limits = crm.limits()
    connection = uow.session.get_one(CrmConnection, connection_id, with_for_update=True)
    connection.look_at, connection.synced_at = uow.now + EVERY, uow.now
    connection.paused_until, connection.failing_since, connection.trouble = None, None, ""
    if limits.most:
        connection.calls_used, connection.calls_most = limits.used, limits.most


def connected_one(uow: UnitOfWork, connection_id: int) -> bool:
    """Whether there is such a connection, and somebody let us in. Raises NotFound."""
    connection = uow.session.get(CrmConnection, connection_id)
    if connection is None:
        raise NotFound("There is no such connection to a CRM.")
    return connection.state is ConnectionState.CONNECTED
