"""Tasks in Salesforce and here: made, changed and ended on either side, and agreed upon on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.crm.connecting import Switches, switch
from sales_campaigns.crm.models import RecordState
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.tasks.changing import hand_on_many, prioritise_many
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.working import delete_tasks, remind
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.crm import Synced, connect, owner_of
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce
from tests.stand_ins.server import Fault

Remind = Callable[..., Task]


@pytest.fixture
def there(clock: Any) -> Iterator[Salesforce]:
    with Salesforce(clock.now) as there:
        yield there


@pytest.fixture
def synced(room: Any, work: Work, cast: Cast, there: Salesforce) -> Synced:
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there)
    return Synced(crm_room, there, room.clock, connection_id)


@pytest.fixture
def reminder(work: Work, cast: Cast) -> Remind:
    def make(name: str = "Ask about the budget", **fields: Any) -> Task:
        with work() as uow:
            due = uow.now + timedelta(days=1)
            return remind(uow, cast.ana, name=name, **{"due_at": due, **fields})

    return make


def only(there: Salesforce) -> dict[str, str]:
    (task,) = there.neutral().values()
    return task


def test_a_task_made_here_is_made_there(synced: Synced, cast: Cast, work: Work, reminder: Remind) -> None:
    """The rule: Open = Not Started, priority, due date and comments; the owner is who the assignee is there."""
    contact = synced.there.person("maria@example.com")
    with work() as uow:
        person = a_person(uow, cast.ana)
    reminder(person=person, priority=Priority.HIGH, details="In spring\nor autumn")
    synced.round()
    told = only(synced.there)
    assert told == {
        "subject": "Ask about the budget",
        "status": "open",
        "priority": "high",
        "due": "2026-12-01",
        "comments": "In spring\nor autumn",
        "owner": owner_of(work, synced.connection_id, cast.ana),
        "person": contact,
        "id": told["id"],
    }


def test_what_was_there_before_the_sync_was_on_stays_here(
    room: Any, work: Work, cast: Cast, there: Salesforce, reminder: Remind
) -> None:
    """The rule: existing tasks are not pushed, only those created afterwards."""
    reminder()
    room.clock.forward(timedelta(seconds=1))
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there)
    Synced(crm_room, there, room.clock, connection_id).round()
    assert there.neutral() == {}


def test_it_is_off_until_somebody_switches_it_on(
    room: Any, work: Work, cast: Cast, there: Salesforce, reminder: Remind
) -> None:
    """The rule: two-way task sync, off by default."""
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there, syncs_tasks=False)
    reminder()
    synced = Synced(crm_room, there, room.clock, connection_id)
    there.task(owner=owner_of(work, connection_id, cast.ana), due="2026-12-02")
    synced.round()
    with work() as uow:
        assert len(there.neutral()) == uow.session.scalar(sa.select(sa.func.count(Task.id))) == 1


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda uow, cast, task: complete_task(uow, cast.ana, task), {"status": "complete"}),
        (
            lambda uow, cast, task: prioritise_many(uow, cast.ana, [task], Priority.HIGH),
            {"priority": "high"},
        ),
        (
            lambda uow, cast, task: edit_task(
                uow, cast.ana, task, TaskDraft("Ask twice", task.due_at + timedelta(days=3), details="x")
            ),
            {"subject": "Ask twice", "due": "2026-12-04", "comments": "x"},
        ),
    ],
)
def test_what_is_changed_here_is_changed_there(
    synced: Synced, cast: Cast, work: Work, reminder: Remind, act: Any, told: dict[str, str]
) -> None:
    task = reminder()
    synced.round()
    with work() as uow:
        act(uow, cast, uow.session.get_one(Task, task.id))
    synced.round()
    assert told.items() <= only(synced.there).items()
    assert synced.record(task).state is RecordState.AGREED


def test_a_task_that_is_handed_on_changes_its_owner_there(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    task = reminder()
    synced.round()
    with work() as uow:
        hand_on_many(uow, cast.ana, [uow.session.get_one(Task, task.id)], cast.ben)
    synced.round()
    assert only(synced.there)["owner"] == owner_of(work, synced.connection_id, cast.ben)


@pytest.mark.parametrize("how", ["delete", "skip"])
def test_what_is_taken_away_here_is_taken_away_there(
    synced: Synced, cast: Cast, work: Work, reminder: Remind, how: str
) -> None:
    """The rule: ending cancels the open tasks, here and in the CRM."""
    task = reminder()
    synced.round()
    with work() as uow:
        row = uow.session.get_one(Task, task.id)
        if how == "delete":
            delete_tasks(uow, cast.ana, [row], uow.now)
        else:
            skip_task(uow, cast.ana, row)
    synced.round()
    assert synced.there.neutral() == {}


def test_completing_there_completes_the_task_here_and_the_campaign_goes_on(
    synced: Synced, cast: Cast, work: Work
) -> None:
    """The rule: completing in Salesforce advances the campaign."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_call(1, "Call again")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    synced.everything()
    task = only(synced.there)
    synced.later(minutes=10)
    synced.there.change(task["id"], status="complete")
    for _ in range(2):  # what a completion releases waits for its undo time
        synced.later(minutes=1)
        synced.everything()
    states = {one["subject"]: one["status"] for one in synced.there.neutral().values()}
    assert states == {"Call about the question": "complete", "Call again": "open"}


def test_deleting_there_skips_the_step_here(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: deleting skips the step."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_call(1, "Call again")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    synced.everything()
    synced.later(minutes=10)
    synced.there.delete(only(synced.there)["id"])
    synced.later(minutes=1)
    synced.everything()
    assert [one["subject"] for one in synced.there.neutral().values()] == ["Call again"]
    with work() as uow:
        states = uow.session.scalars(sa.select(Task.state).order_by(Task.id)).all()
    assert states == [TaskState.SKIPPED, TaskState.OPEN]


def test_what_is_changed_there_is_changed_here(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    task = reminder(details="before")
    synced.round()
    synced.later(minutes=1)
    synced.there.change(
        only(synced.there)["id"],
        priority="high",
        due="2026-12-24",
        comments="after\r\n",
        owner=owner_of(work, synced.connection_id, cast.ben),
        subject="Not taken",
    )
    synced.later(minutes=1)
    synced.round()
    now = synced.task(task.id)
    assert (now.priority, now.details, now.assignee_id) == (Priority.HIGH, "after", cast.ben.id)
    assert now.due_at.date().isoformat() == "2026-12-24"
    assert now.name == task.name  # the rule: subject edits of Salesforce never come back


@pytest.mark.parametrize("there_last", [True, False])
def test_the_newest_change_of_a_field_wins(
    synced: Synced, cast: Cast, work: Work, reminder: Remind, there_last: bool
) -> None:
    """The rule: newest wins per field. What only one side changed is kept from both."""
    task = reminder(details="before")
    synced.round()
    id = only(synced.there)["id"]

    def theirs() -> None:
        synced.there.change(id, comments="theirs", priority="high")

    def ours() -> None:
        with work() as uow:
            row = uow.session.get_one(Task, task.id)
            edit_task(
                uow, cast.ana, row, TaskDraft("Asked", task.due_at, details="ours", priority=row.priority)
            )
        synced.gather()

    for change in (ours, theirs) if there_last else (theirs, ours):
        synced.later(minutes=1)
        change()
    synced.later(minutes=1)
    synced.round()
    wanted = "theirs" if there_last else "ours"
    assert synced.task(task.id).details == only(synced.there)["comments"] == wanted
    assert synced.task(task.id).priority is Priority.HIGH
    assert only(synced.there)["subject"] == "Asked"


def test_a_status_that_is_neither_open_nor_completed_leaves_the_task_alone(
    synced: Synced, reminder: Remind
) -> None:
    """The rule: others leave it alone."""
    task = reminder()
    synced.round()
    synced.later(minutes=1)
    synced.there.change(only(synced.there)["id"], status="In Progress", priority="Low")
    synced.later(minutes=1)
    synced.round()
    now = synced.task(task.id)
    assert (now.state, now.priority) == (TaskState.OPEN, Priority.NORMAL)
    assert only(synced.there)["status"] == "In Progress"


def test_what_is_done_here_stays_done_whatever_happens_there(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    task = reminder()
    with work() as uow:
        complete_task(uow, cast.ana, uow.session.get_one(Task, task.id))
    synced.round()
    synced.later(minutes=1)
    synced.there.change(only(synced.there)["id"], status="open")
    synced.later(minutes=1)
    synced.round()
    assert synced.task(task.id).state is TaskState.COMPLETED
    assert only(synced.there)["status"] == "complete"


def test_a_task_made_there_is_made_here(synced: Synced, cast: Cast, work: Work) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    contact = synced.there.person("maria@example.com")
    owner = owner_of(work, synced.connection_id, cast.ana)
    id = synced.there.task(
        subject="Send the contract", owner=owner, due="2026-12-03", person=contact, TaskSubtype="Call"
    )
    synced.later(minutes=1)
    synced.round()
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
    assert (task.name, task.person_id, task.kind, task.source) == (
        "Send the contract",
        person.id,
        TaskKind.CALL,
        "crm",
    )
    assert synced.there.written == []
    with work() as uow:
        complete_task(uow, cast.ana, uow.session.get_one(Task, task.id))
    synced.round()
    assert only(synced.there) | {"status": "complete", "id": id} == only(synced.there)


@pytest.mark.parametrize(("age", "taken"), [(timedelta(hours=23), 1), (timedelta(hours=25), 0)])
def test_the_first_sync_looks_back_a_day(
    room: Any, work: Work, cast: Cast, there: Salesforce, age: timedelta, taken: int
) -> None:
    """The rule: first-sync window of 24 h."""
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there, syncs_tasks=False)
    there.task(owner=owner_of(work, connection_id, cast.ana), due="2026-12-02")
    room.clock.forward(age)
    with work() as uow:
        switch(uow, cast.cleo, Switches(syncs_tasks=True))
    Synced(crm_room, there, room.clock, connection_id).round()
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Task.id))) == taken


@pytest.mark.parametrize(("away", "left"), [(14, 0), (16, 1)])
def test_after_a_time_without_sync_deletions_of_15_days_are_taken_in(
    synced: Synced, cast: Cast, work: Work, reminder: Remind, away: int, left: int
) -> None:
    """The rule: if the sync had been on before, deletions of the last 15 days are applied here."""
    reminder()
    synced.round()
    with work() as uow:
        switch(uow, cast.cleo, Switches(syncs_tasks=False))
    synced.there.delete(only(synced.there)["id"])
    synced.later(days=away)
    with work() as uow:
        switch(uow, cast.cleo, Switches(syncs_tasks=True))
    synced.round()
    with work() as uow:
        still = sa.select(sa.func.count(Task.id)).where(Task.state == TaskState.OPEN)
        assert uow.session.scalar(still) == left


def test_a_task_of_nobody_who_is_mapped_waits_with_its_remedy(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    task = reminder(assignee=cast.cleo)
    synced.round()
    record = synced.record(task)
    assert (record.state, record.code) == (RecordState.FAILED, "OWNER_NOT_MAPPED")
    assert synced.there.neutral() == {}
    with work() as uow:
        synced.map(uow, cast, cast.cleo)
    synced.round()
    assert only(synced.there)["owner"] == owner_of(work, synced.connection_id, cast.cleo)


def test_an_outage_of_72_hours_loses_nothing(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    """The rule: a 72-hour outage loses nothing, and what was made and changed meanwhile is told once."""
    tasks = [reminder(f"Task {number}") for number in range(3)]
    synced.round()
    synced.there.outage = True
    tasks += [reminder(f"Task {number}") for number in range(3, 6)]
    for hour in range(72):
        synced.later(hours=1)
        if hour == 5:
            with work() as uow:
                complete_task(uow, cast.ana, uow.session.get_one(Task, tasks[0].id))
        synced.round()
    synced.there.outage = False
    synced.later(hours=1)
    synced.everything()
    told = synced.there.neutral().values()
    assert sorted(one["subject"] for one in told) == [f"Task {number}" for number in range(6)]
    assert [one["subject"] for one in told if one["status"] == "complete"] == ["Task 0"]


@pytest.mark.parametrize(
    "fault", [Fault.AWAY, Fault.BROKEN, Fault.LOST, Fault.LATE, Fault.LOCKED, Fault.REVOKED]
)
def test_whatever_goes_wrong_a_task_is_there_once(
    synced: Synced, cast: Cast, work: Work, reminder: Remind, fault: Fault
) -> None:
    """The rule: applied once by external id."""
    for number in range(4):
        reminder(f"Task {number}")
    synced.there.faults = [fault] * (1 if fault is Fault.REVOKED else 2)
    synced.round()
    synced.later(hours=1)
    synced.everything()
    assert sorted(one["subject"] for one in synced.there.neutral().values()) == [
        f"Task {n}" for n in range(4)
    ]


def test_a_write_that_arrives_late_is_an_echo_and_no_wish(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    """It was ours, and something newer of ours has passed it."""
    task = reminder(details="first")
    synced.round()
    for words, fault in (("second", Fault.LATE), ("third", None)):
        with work() as uow:
            row = uow.session.get_one(Task, task.id)
            edit_task(uow, cast.ana, row, TaskDraft(task.name, task.due_at, details=words))
        if fault:
            synced.gather()
            synced.push_with(fault)
        synced.later(hours=1)
        synced.round()
    synced.later(hours=1)
    synced.everything()
    assert synced.task(task.id).details == only(synced.there)["comments"] == "third"


def test_a_limit_pauses_the_organisation_and_costs_no_try(synced: Synced, reminder: Remind) -> None:
    """The rule: REQUEST_LIMIT_EXCEEDED pauses the org, not the item; no attempt is counted."""
    task = reminder()
    synced.there.faults = [Fault.LIMIT]
    synced.round_once()
    connection = synced.connection()
    assert connection.paused_until is not None
    assert synced.record(task).tries == 0
    calls = len(synced.there.calls)
    synced.everything()
    assert len(synced.there.calls) == calls
    synced.later(minutes=16)
    synced.everything()
    assert only(synced.there)["subject"] == task.name


def test_a_lost_right_is_told_and_holds_the_outbox(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    """The rule: authorisation lost: needs reconnect; its queue is held."""
    synced.there.refresh_token = "another"
    task = reminder()
    synced.round()
    assert synced.connection().state.value == "lost"
    assert synced.record(task).state is RecordState.WAITING
    with work() as uow:
        synced.let_in(uow, cast)
    synced.everything()
    assert only(synced.there)["subject"] == task.name


def test_what_the_crm_refuses_is_shown_with_its_remedy_and_written_when_it_is_mended(
    synced: Synced, cast: Cast, work: Work, reminder: Remind
) -> None:
    task = reminder()
    synced.there.refused[f"sc-{synced.connection_id}-task-{task.id}"] = (
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "Say why",
    )
    synced.round()
    record = synced.record(task)
    assert (record.state, record.category, record.words) == (
        RecordState.FAILED,
        "validation",
        "Say why",
    )
    synced.there.refused.clear()
    with work() as uow:
        synced.retry(uow, cast)
    synced.round()
    assert only(synced.there)["subject"] == task.name
    assert synced.record(task).category is None
