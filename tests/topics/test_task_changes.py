"""Tasks afterwards: many changed in one act, undone as one; edited, deleted; what was there before is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.composing import send_for_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_tasks, skip_tasks
from sales_campaigns.enrollments.undoing import undo_act, undo_last
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.changing import hand_on_many, move_due, prioritise_many, snooze_many
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.history import changes_of
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.working import delete_tasks, remind, tasks_of
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

TOMORROW = datetime(2026, 12, 1, 8, tzinfo=UTC)
Act = Callable[[UnitOfWork, Cast, Sequence[Task]], int]
ACTS: dict[str, Act] = {
    "snoozed": lambda uow, cast, tasks: snooze_many(uow, cast.ana, tasks, TOMORROW),
    "given": lambda uow, cast, tasks: hand_on_many(uow, cast.ana, tasks, cast.ben),
    "high": lambda uow, cast, tasks: prioritise_many(uow, cast.ana, tasks, Priority.HIGH),
    "moved": lambda uow, cast, tasks: move_due(uow, cast.ana, tasks, TOMORROW),
}


def reminders(work: Work, cast: Cast, number: int = 3) -> list[int]:
    with work() as uow:
        due = uow.now + timedelta(hours=1)
        return [remind(uow, cast.ana, name=f"Nr {place}", due_at=due).id for place in range(number)]


def calls_of_a_campaign(work: Work, cast: Cast, number: int = 3) -> list[int]:
    """One open call each; a second call follows on the same day."""
    with work() as uow:
        people = [a_person(uow, cast.ana, f"p{place}@example.com").id for place in range(number)]
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_call(1, "Call again")])
        launch(uow, cast.ana, Order(campaign.id, people))
    with work() as uow:
        open_due(uow)
        return list(uow.session.scalars(sa.select(Task.id).order_by(Task.id)))


def everything(work: Work, model: Any = Task) -> list[tuple[object, ...]]:
    """All columns of all rows, without the one that only counts the writes."""
    names = [column.key for column in sa.inspect(model).column_attrs if column.key != "unseen"]
    with work() as uow:
        found = uow.session.scalars(sa.select(model).order_by(model.id))
        return [tuple(getattr(row, name) for name in names) for row in found]


def columns(work: Work, ids: list[int]) -> list[tuple[object, ...]]:
    wanted = (Task.state, Task.assignee_id, Task.priority, Task.due_at, Task.snoozed_until)
    with work() as uow:
        return [tuple(row) for row in uow.session.execute(sa.select(*wanted).where(Task.id.in_(ids)))]


@pytest.mark.parametrize("name", ACTS)
def test_an_act_on_many_is_one_line_of_activity_and_undone_as_one(work: Work, cast: Cast, name: str) -> None:
    ids = reminders(work, cast)
    before = columns(work, ids)
    with work() as uow:
        act = ACTS[name](uow, cast, tasks_of(uow, cast.ana, ids))
    assert columns(work, ids) != before
    with work() as uow:
        written = uow.session.scalars(sa.select(Activity).where(Activity.kind != "task.opened")).all()
        assert [(one.id, one.data["tasks"]) for one in written] == [(act, 3)]
        assert len(undo_act(uow, cast.ana, act)) == 3
    assert columns(work, ids) == before


ENDINGS: dict[str, Callable[[UnitOfWork, Cast, Sequence[Task]], None]] = {
    "completed": lambda uow, cast, tasks: complete_tasks(
        uow, cast.ana, tasks, outcome="No answer", reason="Busy", note="Twice"
    ),
    "skipped": lambda uow, cast, tasks: skip_tasks(uow, cast.ana, tasks, note="Not now"),
    "deleted": lambda uow, cast, tasks: delete_tasks(uow, cast.ana, tasks, uow.now + timedelta(seconds=10)),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_undoing_an_ending_leaves_the_notes_that_were_there(work: Work, cast: Cast, name: str) -> None:
    """The rule: every change can be undone. What was noted at the ending goes, what stood there before comes back."""
    ids = reminders(work, cast)
    with work() as uow:
        for place, task in enumerate(tasks_of(uow, cast.ana, ids)):
            task.note, task.details = f"Asked for prices {place}", "Talk track"
        snooze_many(uow, cast.ana, tasks_of(uow, cast.ana, ids), TOMORROW)
    before = everything(work)
    with work() as uow:
        ENDINGS[name](uow, cast, tasks_of(uow, cast.ana, ids))
    with work() as uow:
        undo_last(uow, cast.ana, ids)
    assert everything(work) == before


@pytest.mark.parametrize("in_campaign", [True, False])
def test_undoing_a_skip_brings_back_the_mail_that_was_scheduled_for_the_task(
    work: Work, cast: Cast, in_campaign: bool
) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
        if in_campaign:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, send=SendOption.TASK), a_call(1)])
            launch(uow, cast.ana, Order(campaign.id, [person.id]))
        else:
            remind(uow, cast.ana, name="Write", due_at=TOMORROW, kind=TaskKind.EMAIL, person=person)
    with work() as uow:
        open_due(uow)
        task = uow.session.scalars(sa.select(Task)).one()
        person = uow.session.get_one(Person, person.id)
        send_for_task(uow, cast.ana, task, person, Typed("Mine", "<p>Mine</p>", send_at=TOMORROW))
    before = everything(work), everything(work, Message)
    with work() as uow:
        skip_tasks(uow, cast.ana, tasks_of(uow, cast.ana, [task.id]))
    with work() as uow:
        undo_last(uow, cast.ana, [task.id])
    assert (everything(work), everything(work, Message)) == before
    with work() as uow:
        assert uow.session.scalars(
            sa.select(StepRun.message_id).where(StepRun.state == "task_open")
        ).all() == ([task.message_id] if in_campaign else [])


@pytest.mark.parametrize("name", ACTS)
def test_an_act_needs_the_same_statements_however_many_tasks_there_are(
    work: Work, cast: Cast, queries: Callable[[], AbstractContextManager[list[str]]], name: str
) -> None:
    few, many = reminders(work, cast, 2), reminders(work, cast, 30)
    needed = []
    for ids in (few, many):
        with queries() as seen, work() as uow:
            ACTS[name](uow, cast, tasks_of(uow, cast.ana, ids))
        needed.append(len(seen))
    assert needed[0] == needed[1]


def test_completing_many_needs_the_same_statements_however_many_there_are(
    work: Work, cast: Cast, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    ids = calls_of_a_campaign(work, cast, 12)
    needed = []
    for some in (ids[:2], ids[2:]):
        with queries() as seen, work() as uow:
            complete_tasks(uow, cast.ana, tasks_of(uow, cast.ana, some))
        needed.append(len(seen))
    assert needed[0] == needed[1]


def test_a_snooze_sets_a_new_due_date_and_keeps_history(work: Work, cast: Cast) -> None:
    (id,) = reminders(work, cast, 1)
    for until in (TOMORROW, TOMORROW + timedelta(days=1)):
        with work() as uow:
            snooze_many(uow, cast.ana, tasks_of(uow, cast.ana, [id]), until)
    with work() as uow:
        task = uow.session.get_one(Task, id)
        lines = changes_of(uow.session, task)
        assert [
            (line.actor, line.before["snoozed_until"], line.after["snoozed_until"]) for line in lines
        ] == [
            ("Ana Lind", None, TOMORROW),
            ("Ana Lind", TOMORROW, TOMORROW + timedelta(days=1)),
        ]


def test_only_the_last_act_is_undone_and_only_within_its_seconds(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    ids = reminders(work, cast)
    with work() as uow:
        first = snooze_many(uow, cast.ana, tasks_of(uow, cast.ana, ids), TOMORROW)
        last = prioritise_many(uow, cast.ana, tasks_of(uow, cast.ana, ids[:1]), Priority.HIGH)
    with pytest.raises(IllegalMove, match="since then"), work() as uow:
        undo_act(uow, cast.ana, first)
    clock.forward(timedelta(seconds=11))
    with pytest.raises(IllegalMove, match="too late"), work() as uow:
        undo_act(uow, cast.ana, last)


def test_nobody_undoes_an_act_of_another_team(work: Work, cast: Cast) -> None:
    ids = reminders(work, cast)
    with work() as uow:
        act = snooze_many(uow, cast.ana, tasks_of(uow, cast.ana, ids), TOMORROW)
    with pytest.raises(NotFound), work() as uow:
        undo_act(uow, cast.dirk, act)


@pytest.mark.parametrize("end", [complete_tasks, skip_tasks])
def test_each_persons_task_gates_that_person_only_and_undo_takes_back_what_followed(
    work: Work, cast: Cast, end: Callable[..., None]
) -> None:
    first, second, third = calls_of_a_campaign(work, cast)
    with work() as uow:
        end(uow, cast.ana, tasks_of(uow, cast.ana, [first, second]))
    with work() as uow:
        open_due(uow)
        followed = sa.select(StepRun.enrollment_id).where(StepRun.state == StepRunState.TASK_OPEN)
        names = uow.session.scalars(sa.select(Task.name).where(Task.state == TaskState.OPEN)).all()
        assert sorted(names) == ["Call about the question", "Call again", "Call again"]
        assert len(uow.session.scalars(followed).all()) == 3
        undo_last(uow, cast.ana, [first, second])
    with work() as uow:
        names = uow.session.scalars(sa.select(Task.name).where(Task.state == TaskState.OPEN)).all()
        assert names == ["Call about the question"] * 3
    assert third


def test_undoing_the_last_step_puts_the_person_on_the_way_again(work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, [a_call(1)]).id, [person.id]))
    with work() as uow:
        open_due(uow)
        task = uow.session.scalars(sa.select(Task)).one()
        complete_tasks(uow, cast.ana, [task])
        assert uow.session.scalars(sa.select(Enrollment.state)).one() is EnrollmentState.FINISHED
        undo_last(uow, cast.ana, [task.id])
        assert uow.session.scalars(sa.select(Enrollment.state)).one() is EnrollmentState.ACTIVE


def test_a_reminder_is_deleted_and_fetched_back(work: Work, cast: Cast) -> None:
    ids = reminders(work, cast)
    before = columns(work, ids)
    with work() as uow:
        delete_tasks(uow, cast.ana, tasks_of(uow, cast.ana, ids), uow.now + timedelta(seconds=10))
    assert {row[0] for row in columns(work, ids)} == {TaskState.CANCELLED}
    with work() as uow:
        undo_last(uow, cast.ana, ids)
    assert columns(work, ids) == before


def test_a_task_that_a_campaign_waits_for_is_not_simply_deleted(work: Work, cast: Cast) -> None:
    """The rule: deleting a campaign task asks: skip the step, or end the campaign for that person."""
    ids = calls_of_a_campaign(work, cast, 1)
    with pytest.raises(IllegalMove, match="skip its step, or end the campaign"), work() as uow:
        delete_tasks(uow, cast.ana, tasks_of(uow, cast.ana, ids), uow.now)


def test_a_reminder_is_edited_in_all_it_says_and_the_edit_undone(work: Work, cast: Cast) -> None:
    (id,) = reminders(work, cast, 1)
    with work() as uow:
        person = a_person(uow, cast.ana)
        (task,) = tasks_of(uow, cast.ana, [id])
        draft = TaskDraft("Call her", TOMORROW, TaskKind.CALL, person, "Ask", Priority.HIGH, cast.ben)
        assert edit_task(uow, cast.ana, task, draft) is not None
        assert edit_task(uow, cast.ana, task, draft) is None
    with work() as uow:
        task = uow.session.get_one(Task, id)
        assert (task.name, task.kind, task.assignee_id, task.due_at) == (
            "Call her",
            TaskKind.CALL,
            cast.ben.id,
            TOMORROW,
        )
        undo_last(uow, cast.ana, [id])
    with work() as uow:
        task = uow.session.get_one(Task, id)
        assert (task.name, task.kind, task.person_id, task.priority) == (
            "Nr 0",
            TaskKind.CUSTOM,
            None,
            Priority.NORMAL,
        )


def test_what_a_campaigns_task_says_is_the_campaigns(work: Work, cast: Cast) -> None:
    (id,) = calls_of_a_campaign(work, cast, 1)
    with work() as uow:
        (task,) = tasks_of(uow, cast.ana, [id])
        edit_task(uow, cast.ana, task, TaskDraft("Another name", TOMORROW, TaskKind.EMAIL, details="Mine"))
        assert (task.name, task.kind, task.details, task.due_at) == (
            "Call about the question",
            TaskKind.CALL,
            "Mine",
            TOMORROW,
        )


def test_nothing_is_given_to_another_team_nor_snoozed_into_the_past(work: Work, cast: Cast) -> None:
    ids = reminders(work, cast)
    with pytest.raises(Invalid, match="somebody of the team"), work() as uow:
        hand_on_many(uow, cast.ana, tasks_of(uow, cast.ana, ids), cast.dirk)
    with pytest.raises(Invalid, match="still to come"), work() as uow:
        snooze_many(uow, cast.ana, tasks_of(uow, cast.ana, ids), uow.now)
