"""Thousands of changes on both sides of the CRM, while calls fail in every way: both sides end up equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.crm.models import CrmRecord, RecordState
from sales_campaigns.crm.values import due_date
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.working import remind
from tests.cast import Cast
from tests.conftest import Work
from tests.crm import Synced, connect, owner_of
from tests.shards import SHARD
from tests.stand_ins.hubspot import HubSpot
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce
from tests.stand_ins.server import Fault

VENDORS = {"salesforce": Salesforce, "hubspot": HubSpot}
FAULTS = {
    Fault.AWAY: 0.03,
    Fault.BROKEN: 0.03,
    Fault.LOST: 0.06,
    Fault.LOCKED: 0.06,
    Fault.LIMIT: 0.01,
}
SHARED = ("status", "priority", "due", "comments", "owner")


@dataclass
class Office:
    """Ana changes tasks here and somebody changes them there, by chance; each change of hers carries its number."""

    synced: Synced
    cast: Cast
    owner: str
    random: Random
    done: Counter[str] = field(default_factory=Counter)

    def work(self, changes: int) -> None:
        for number in range(changes):
            self.synced.later(seconds=self.random.randint(1, 60))
            act = self.random.choices(
                [
                    self.make_here,
                    self.change_here,
                    self.end_here,
                    self.make_there,
                    self.change_there,
                    self.end_there,
                ],
                [15, 30, 8, 8, 30, 6],
            )[0]
            act(number)
            self.done[act.__name__] += 1
            if self.random.random() < 0.12:
                self.synced.round()

    def come_to_rest(self) -> None:
        self.synced.there.chances, self.synced.there.faults = {}, []
        for _ in range(6):
            self.synced.later(hours=1)
            self.synced.everything()

    def make_here(self, number: int) -> None:
        with self.synced.work() as uow:
            due = uow.now + timedelta(days=1)
            remind(uow, self.cast.ana, name=f"Here {number}", due_at=due, details=f"here {number}")

    def change_here(self, number: int) -> None:
        with self.synced.work() as uow:
            task = self._open(uow)
            if task is not None:
                draft = TaskDraft(task.name, task.due_at, details=f"here {number}", priority=self._priority())
                edit_task(uow, self.cast.ana, task, draft)
        self.synced.gather()

    def end_here(self, _number: int) -> None:
        with self.synced.work() as uow:
            task = self._open(uow)
            if task is not None:
                self.random.choice([complete_task, skip_task])(uow, self.cast.ana, task)

    def make_there(self, number: int) -> None:
        self.synced.there.task(subject=f"There {number}", owner=self.owner, due="2026-12-24")

    def change_there(self, number: int) -> None:
        id = self._there()
        if id:
            self.synced.there.change(id, comments=f"there {number}", priority=self._priority().value)

    def end_there(self, _number: int) -> None:
        id = self._there()
        if id and self.random.random() < 0.5:
            self.synced.there.change(id, status="complete")
        elif id:
            self.synced.there.delete(id)

    def _priority(self) -> Priority:
        return self.random.choice(list(Priority))

    def _open(self, uow: Any) -> Task | None:
        ids = uow.session.scalars(
            sa.select(Task.id).where(Task.state == TaskState.OPEN).order_by(Task.id)
        ).all()
        return uow.session.get_one(Task, self.random.choice(ids)) if ids else None

    def _there(self) -> str:
        ids = sorted(self.synced.there.open_tasks())
        return self.random.choice(ids) if ids else ""


@pytest.fixture(params=sorted(VENDORS))
def there(request: pytest.FixtureRequest, clock: VirtualClock) -> Iterator[Any]:
    with VENDORS[request.param](clock.now) as there:
        yield there


@pytest.fixture
def office(room: Any, work: Work, cast: Cast, there: Any) -> Office:
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there)
    owner = owner_of(work, connection_id, cast.ana)
    return Office(
        Synced(crm_room, there, room.clock, connection_id), cast, owner, Random(SHARD.seed(20261130))
    )


@pytest.mark.parametrize("changes", [100, pytest.param(SHARD.share(10_000), marks=pytest.mark.deep)])
def test_both_sides_end_up_equal_and_nothing_is_there_twice(office: Office, changes: int) -> None:
    """The rule: applied once by external id, ordered per record, and nothing is lost."""
    there = office.synced.there
    there.chances = dict(FAULTS)
    office.work(changes)
    office.come_to_rest()
    ours, theirs = here(office), there.neutral()
    assert len(office.done) == 6
    assert {id: told for id, told in ours.items() if told != shared(theirs.get(id, {}))} == {}
    assert left_over(ours, theirs) == []
    assert twice(there) == []
    assert out_of_order(there) == {}


@pytest.mark.parametrize("changes", [40, pytest.param(SHARD.share(3_000), marks=pytest.mark.deep)])
def test_writes_that_arrive_late_change_nothing_in_the_end(office: Office, changes: int) -> None:
    """What was thought lost is done after what followed it; it is ours, and no wish of anybody there."""
    office.synced.there.chances = {Fault.LATE: 0.1, Fault.LOST: 0.05}
    office.work(changes)
    office.come_to_rest()
    ours, theirs = here(office), office.synced.there.neutral()
    assert {id: told for id, told in ours.items() if told != shared(theirs.get(id, {}))} == {}
    assert left_over(ours, theirs) == []
    assert twice(office.synced.there) == []


def here(office: Office) -> dict[str, dict[str, str]]:
    """What should be there, by our id, or by theirs where the task was made there."""
    states = {TaskState.OPEN: "open", TaskState.COMPLETED: "complete"}
    with office.synced.work() as uow:
        rows = uow.session.execute(
            sa.select(Task, CrmRecord, User.zone)
            .join(CrmRecord, CrmRecord.local_id == Task.id)
            .join(User, User.id == Task.assignee_id)
            .order_by(Task.id)
        ).all()
        assert {record.state for _, record, _ in rows} == {RecordState.AGREED}
        known = office.synced.there.neutral()
        return {
            record.external_id if record.external_id in known else record.crm_id: {
                "status": states[task.state],
                "priority": task.priority.value,
                "due": due_date(task, zone).isoformat(),
                "comments": task.details,
                "owner": office.owner,
            }
            for task, record, zone in rows
            if task.state in states and record.crm_id
        }


def left_over(ours: dict[str, Any], theirs: dict[str, dict[str, str]]) -> list[str]:
    """What is there and not here; what was made and completed there between two looks was never ours."""
    others = [one for id, one in theirs.items() if id not in ours]
    return [
        one["subject"] for one in others if one["status"] == "open" or not one["subject"].startswith("There")
    ]


def shared(told: dict[str, str]) -> dict[str, str]:
    return {name: told[name] for name in SHARED if name in told}


def twice(there: Any) -> list[str]:
    kind = "Task" if there.vendor == "salesforce" else "tasks"
    subjects = Counter(
        str(row.fields.get("Subject") or row.fields.get("hs_task_subject")) for row in there.there(kind)
    )
    return [subject for subject, number in subjects.items() if number > 1]


def out_of_order(there: Any) -> dict[str, list[int]]:
    """Records that were told an older comment of ours after a newer one."""
    told: dict[str, list[int]] = {}
    for id, fields in there.written:
        words = str(fields.get("Description") or fields.get("hs_task_body") or "")
        if words.startswith("here "):
            told.setdefault(id, []).append(int(words.removeprefix("here ")))
    return {id: numbers for id, numbers in told.items() if numbers != sorted(numbers)}
