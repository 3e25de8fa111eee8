"""Tasks for programs: the queue page by page, every act of a row, and one act on many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sales_campaigns.tasks.working import remind
from tests.api.conftest import Program
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture
def tasks(work: Work, cast: Cast) -> list[int]:
    """Three reminders of Ana's, due today, and one of Dirk's, of another team."""
    with work() as uow:
        mine = [
            remind(
                uow,
                uow.session.merge(cast.ana),
                name=f"Call {number}",
                due_at=uow.now + timedelta(minutes=number),
            )
            for number in (1, 2, 3)
        ]
        theirs = remind(uow, uow.session.merge(cast.dirk), name="Call", due_at=uow.now)
        uow.session.flush()
        return [task.id for task in (*mine, theirs)]


def test_the_queue_comes_page_by_page(program: Callable[..., Program], cast: Cast, tasks: list[int]) -> None:
    ana = program(cast.ana)
    first = ana.get("/tasks", limit=2).json
    second = ana.get("/tasks", limit=2, after=first["after"]).json
    assert [task["id"] for task in first["items"] + second["items"]] == tasks[:3]
    assert second["after"] is None


def test_a_task_is_completed_and_taken_back(
    program: Callable[..., Program], cast: Cast, tasks: list[int]
) -> None:
    ana = program(cast.ana)
    done = ana.post(f"/tasks/{tasks[0]}/complete", {"outcome": "Talked"})
    assert (done.status_code, done.json["state"], done.json["outcome"]) == (200, "completed", "Talked")
    assert ana.post(f"/tasks/{tasks[0]}/undo").json["state"] == "open"


def test_one_act_on_many_says_what_became_of_each(
    program: Callable[..., Program], cast: Cast, tasks: list[int]
) -> None:
    ana = program(cast.ana)
    ana.post(f"/tasks/{tasks[1]}/complete", {})
    answer = ana.post("/tasks/bulk", {"do": "complete", "tasks": tasks})
    assert [(one["id"], one["status"]) for one in answer.json["results"]] == [
        (tasks[0], 200),
        (tasks[1], 409),
        (tasks[2], 200),
        (tasks[3], 404),
    ]


def test_a_reminder_is_made_read_and_changed(program: Callable[..., Program], cast: Cast, work: Work) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana = program(cast.ana)
    made = ana.post(
        "/tasks", {"name": "Write to her", "due_at": "2026-12-01T09:00:00+01:00", "person_id": person.id}
    )
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/tasks/{made.json['id']}"
    changed = ana.edit("PATCH", f"/tasks/{made.json['id']}", {"priority": "high"})
    assert (changed.json["priority"], changed.json["person"]["email"]) == ("high", "maria@example.com")
    history = ana.get(f"/tasks/{made.json['id']}/history").json["changes"]
    assert [one["after"] for one in history] == [{"priority": "high"}]
