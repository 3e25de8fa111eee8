"""A team that is connected with a CRM that stands in, and rounds with it on the clock of the test."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.crm.connecting import Switches, begin_connection, let_in, map_users, retry, switch
from sales_campaigns.crm.models import CrmConnection, CrmRecord
from sales_campaigns.crm.pushing import hand_over, keep_answers, letters_due
from sales_campaigns.crm.rounds import sync
from sales_campaigns.crm.syncing import CrmDesk, Round, gather_changes
from sales_campaigns.ports.crm import CrmChoice
from sales_campaigns.reactions import react
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.stand_ins.server import Fault


@dataclass
class Synced:
    """Ana's team and its organisation. `there` is what stands in for it."""

    room: Any
    there: Any
    clock: VirtualClock
    connection_id: int

    @property
    def desk(self) -> CrmDesk:
        return CrmDesk(self.room.sessions, self.clock, self.room.crms, self.room.seal)

    def round(self) -> None:
        """What is due here, and one round with the CRM and what follows from it."""
        sync(self.desk, self.connection_id)
        self.react()
        sync(self.desk, self.connection_id)

    def round_once(self) -> None:
        sync(self.desk, self.connection_id)

    def gather(self) -> None:
        with self.work() as uow:
            gather_changes(uow, self.connection_id)

    def push_with(self, fault: Fault) -> None:
        """Write what waits, and let this go wrong with it."""
        with self.work() as uow:
            letters = letters_due(uow, self.connection_id)
        self.there.faults = [fault]
        answers = list(hand_over(letters, Round(self.desk, self.connection_id).speaking_as))
        with self.work() as uow:
            keep_answers(uow, answers)

    def map(self, uow: UnitOfWork, cast: Cast, user: User) -> None:
        map_users(uow, cast.cleo, {user.id: CrmChoice(self.there.user(user.email, user.name), user.name)})

    def let_in(self, uow: UnitOfWork, cast: Cast) -> None:
        connection = uow.session.get_one(CrmConnection, self.connection_id)
        let_in(uow, cast.cleo, connection, self.room.seal, self.there.secret(), self.there.url)

    def retry(self, uow: UnitOfWork, cast: Cast) -> None:
        retry(uow, cast.cleo)

    def react(self) -> None:
        with self.work() as uow:
            react(uow)

    def everything(self) -> int:
        """All jobs until nothing is left to do."""
        return run_until_quiet(self.room)

    def later(self, **much: float) -> None:
        self.clock.forward(timedelta(**much))

    def work(self) -> AbstractContextManager[UnitOfWork]:
        return unit_of_work(self.room.sessions, self.clock)

    def connection(self) -> CrmConnection:
        with self.work() as uow:
            return uow.session.get_one(CrmConnection, self.connection_id)

    def record(self, task: Task) -> CrmRecord:
        with self.work() as uow:
            return uow.session.scalars(sa.select(CrmRecord).where(CrmRecord.local_id == task.id)).one()

    def task(self, task_id: int) -> Task:
        with self.work() as uow:
            return uow.session.get_one(Task, task_id)


def connect(uow: UnitOfWork, room: Any, cast: Cast, there: Any, **switches: Any) -> int:
    """Cleo connects the team; Ana and Ben are users there as well."""
    actor: User = cast.cleo
    connection = begin_connection(uow, actor, room.seal, there.vendor, there.secret())
    let_in(uow, actor, connection, room.seal, there.secret(), there.url)
    users = {
        user.id: CrmChoice(there.user(user.email, user.name), user.name) for user in (cast.ana, cast.ben)
    }
    map_users(uow, actor, users)
    switch(uow, actor, Switches(**{"syncs_tasks": True, **switches}))
    return connection.id


def owner_of(work: Any, connection_id: int, user: User) -> str:
    from sales_campaigns.crm.models import CrmUser

    with work() as uow:
        return str(uow.session.get_one(CrmUser, (connection_id, user.id)).crm_id)


def day(at: datetime) -> str:
    return at.date().isoformat()
