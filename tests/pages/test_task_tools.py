"""Around the queue: all that match, edit, delete, outcomes, saved views, the Team page, what was not planned."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.working import remind
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]


def calls(work: Work, owner: User, number: int = 1, **later: float) -> list[int]:
    with work() as uow:
        due = uow.now + timedelta(**(later or {"hours": 1}))
        made = (
            remind(uow, owner, name=f"Call nr {place}", due_at=due, kind=TaskKind.CALL)
            for place in range(number)
        )
        return [task.id for task in made]


def states(work: Work) -> list[TaskState]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Task.state)))


def a_campaign_call(work: Work, cast: Cast) -> int:
    with work() as uow:
        person = a_person(uow, cast.ana)
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, [a_call(1), a_call(2)]).id, [person.id]))
    with work() as uow:
        open_due(uow)
        return uow.session.scalars(sa.select(Task.id)).one()


def test_all_that_match_are_done_and_undone_across_pages(browse: Browse, work: Work, cast: Cast) -> None:
    calls(work, cast.ana, 70)
    calls(work, cast.ana, 2, days=3)
    ana = browse(cast.ana)
    shown = ana.get("/tasks?kind=call").text
    assert "All 70 that match" in shown
    ana.post("/tasks/bulk?kind=call", {"do": "complete", "all": "70"})
    assert states(work).count(TaskState.COMPLETED) == 70
    undo = re.search(r'action="(/tasks/undo\?act=\d+)"', ana.get("/tasks").text)
    assert undo is not None
    ana.post(undo[1])
    assert set(states(work)) == {TaskState.OPEN}


@pytest.mark.parametrize(
    ("do", "more", "words"),
    [
        ("due", {"due": "2026-12-04T10:00"}, "3 tasks due Fri 4 Dec 10:00"),
        ("high", {}, "3 tasks set to high priority"),
        ("normal", {}, "3 tasks set to normal priority"),
        ("delete", {}, "3 tasks deleted"),
    ],
)
def test_the_bulk_bar_tells_the_number(
    browse: Browse, work: Work, cast: Cast, do: str, more: dict[str, str], words: str
) -> None:
    ids = [str(id) for id in calls(work, cast.ana, 3)]
    ana = browse(cast.ana)
    ana.post("/tasks/bulk", {"do": do, "task": ids, **more})
    assert words in ana.get("/tasks").text


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("due=today", 1),
        ("due=tomorrow", 1),
        ("due=both", 2),
        ("due=week", 3),
        ("due=days&from=2026-12-01&to=2026-12-04", 2),
    ],
)
def test_it_is_narrowed_to_days(browse: Browse, work: Work, cast: Cast, query: str, number: int) -> None:
    """The rule: date filter: today, tomorrow, today + tomorrow, next 7 days; custom range."""
    for days in (0.1, 1, 3, 9):
        calls(work, cast.ana, days=days)
    assert browse(cast.ana).get(f"/tasks?{query}").text.count('class="task"') == number


def test_a_task_is_edited_and_what_is_wrong_stands_beside_what_was_typed(
    browse: Browse, work: Work, cast: Cast
) -> None:
    (id,) = calls(work, cast.ana)
    ana = browse(cast.ana)
    assert 'value="2026-11-30T10:00"' in ana.get(f"/tasks/{id}/edit").text
    typed = {
        "name": "Call at noon",
        "due": "2026-12-02T12:00",
        "due_zone": "Asia/Tokyo",
        "kind": "call",
        "high": "1",
    }
    refused = ana.post(f"/tasks/{id}/edit", {**typed, "due": "noon"})
    assert refused.status_code == 422 and "Call at noon" in refused.text and "Write a date" in refused.text
    assert ana.post(f"/tasks/{id}/edit", typed).status_code == 303
    with work() as uow:
        task = uow.session.get_one(Task, id)
        assert (task.name, f"{task.due_at:%d %H:%M}", task.priority) == (
            "Call at noon",
            "02 03:00",
            Priority.HIGH,
        )
    assert "changed" in ana.get(f"/tasks/{id}").text


@pytest.mark.parametrize(
    ("instead", "state", "enrollment"),
    [
        ("skip", TaskState.SKIPPED, EnrollmentState.ACTIVE),
        ("end", TaskState.CANCELLED, EnrollmentState.ENDED),
        ("", TaskState.OPEN, EnrollmentState.ACTIVE),
    ],
)
def test_deleting_a_campaign_task_asks(
    browse: Browse, work: Work, cast: Cast, instead: str, state: TaskState, enrollment: EnrollmentState
) -> None:
    """The rule: skip the step, or end the campaign for that person."""
    id = a_campaign_call(work, cast)
    ana = browse(cast.ana)
    shown = ana.get(f"/tasks/{id}/delete").text
    assert "Skip this step" in shown and "End the campaign for 1 person" in shown
    ana.post(f"/tasks/{id}/delete", {"instead": instead})
    with work() as uow:
        assert uow.session.get_one(Task, id).state is state
        assert uow.session.scalars(sa.select(Enrollment.state)).one() is enrollment


def test_a_reminder_is_deleted_from_its_row_and_fetched_back(browse: Browse, work: Work, cast: Cast) -> None:
    (id,) = calls(work, cast.ana)
    ana = browse(cast.ana)
    answer = ana.post(f"/tasks/{id}/delete", htmx=True)
    assert f"/tasks/undo?tasks={id}" in answer.text and states(work) == [TaskState.CANCELLED]
    ana.post(f"/tasks/undo?tasks={id}")
    assert states(work) == [TaskState.OPEN]


def test_a_team_has_its_own_outcomes_of_calls(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: call outcome and reason, configurable, 15 each."""
    (id,) = calls(work, cast.ana)
    cleo, ana = browse(cast.cleo), browse(cast.ana)
    assert cleo.get("/settings/calls").text.count('name="name"') == 30
    typed = {
        "list": "outcome",
        "name": ["Spoke to her", "", "Rang out"],
        "tone": ["positive", "neutral", "neutral"],
        "reached": ["0"],
    }
    assert cleo.post("/settings/calls", typed).status_code == 303
    shown = ana.get(f"/tasks/{id}").text
    assert (
        "Spoke to her" in shown and "Rang out" in shown and "Gatekeeper" not in shown and "Renewal" in shown
    )
    twice = cleo.post("/settings/calls", {**typed, "name": ["Twice", "twice", "x"]})
    assert (
        twice.status_code == 422
        and "stands in the list already" in twice.text
        and 'value="Twice"' in twice.text
    )
    many = cleo.post("/settings/calls", {"list": "reason", "name": [f"Nr {n}" for n in range(16)]})
    assert many.status_code == 422 and "15 lines or fewer" in many.text
    assert ana.get("/settings/calls").status_code == ana.post("/settings/calls", typed).status_code == 403


def test_what_is_done_is_counted_by_outcome(browse: Browse, work: Work, cast: Cast) -> None:
    first, second, third = calls(work, cast.ana, 3)
    ana = browse(cast.ana)
    for id, outcome in ((first, "No answer"), (second, "No answer"), (third, "Reached: interested")):
        ana.post(f"/tasks/{id}/done", {"outcome": outcome, "reason": "Follow-up"})
    assert "No answer (2)" in ana.get("/tasks?show=done").text
    assert ana.get("/tasks?show=done&outcome=No+answer").text.count("task over") == 2
    assert "1 of 3" in browse(cast.cleo).get("/team").text


def test_a_view_is_saved_shared_opened_with_and_deleted(browse: Browse, work: Work, cast: Cast) -> None:
    calls(work, cast.ana)
    ana, ben = browse(cast.ana), browse(cast.ben)
    typed = {"list": "tasks", "name": "Hot calls", "q.kind": "call", "q.priority": "high", "q.x": "1"}
    there = ana.post("/views", {**typed, "default": "1"}).headers["Location"]
    assert there.startswith("/tasks?kind=call&priority=high&view=")
    assert ana.get("/tasks").headers["Location"] == there and "Hot calls" in ana.get(there).text
    assert "Hot calls" not in ben.get("/tasks").text
    id = there.rpartition("=")[2]
    assert ben.post(f"/views/{id}/delete").status_code == 404
    ana.post("/views", {**typed, "shared": "1"})
    assert "Hot calls" in ben.get("/tasks").text
    assert ben.post(f"/views/{id}/delete").status_code == 404
    ana.post(f"/views/{id}/open-with", {"wanted": ""})
    assert ana.get("/tasks").status_code == 200
    ana.post(f"/views/{id}/delete")
    assert "Hot calls" not in ben.get("/tasks").text
    nameless = ana.post("/views", {**typed, "name": " "})
    assert nameless.status_code == 422 and "Give the view a name" in nameless.text


def test_a_view_of_mails_keeps_its_columns(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    typed = {"list": "emails", "name": "Lost", "q.folder": "failed", "column": ["person", "state"]}
    there = ana.post("/views", typed).headers["Location"]
    assert 'value="state" checked' in ana.get(there).text


def test_the_team_page_shows_each_reps_load_and_hands_it_on(browse: Browse, work: Work, cast: Cast) -> None:
    calls(work, cast.ana, 2, days=-2)
    calls(work, cast.ana, 1)
    cleo = browse(cast.cleo)
    with work() as uow:
        person = a_person(uow, cast.ana)
        uow.record("reply.received", team_id=cast.ana.team_id, person_id=person.id)
    shown = cleo.get("/team").text
    assert "2 tasks overdue, 1 answer waiting" in shown and "since <time" in shown
    cleo.post(f"/team/{cast.ana.id}/reassign", {"which": "overdue", "assignee": str(cast.ben.id)})
    with work() as uow:
        whose = sa.select(Task.assignee_id, sa.func.count()).group_by(Task.assignee_id)
        assert {row[0]: row[1] for row in uow.session.execute(whose)} == {cast.ana.id: 1, cast.ben.id: 2}
        uow.record("message.queued", team_id=cast.ana.team_id, person_id=person.id)
        uow.session.execute(
            sa.update(Activity)
            .where(Activity.kind == "reply.received")
            .values(at=uow.now - timedelta(days=1))
        )
    assert "0 answers waiting" in cleo.get("/team").text
    for page in ("/team", f"/team/{cast.ana.id}/queue"):
        assert browse(cast.ben).get(page).status_code == 403
    assert browse(cast.dirk).get(f"/team/{cast.ana.id}/queue").status_code == 404


def test_view_as_is_read_only_and_written_down(browse: Browse, work: Work, cast: Cast) -> None:
    calls(work, cast.ana)
    cleo = browse(cast.cleo)
    assert "Call nr 0" not in cleo.get(f"/team/{cast.ana.id}/queue").text
    cleo.post(f"/team/{cast.ana.id}/view-as")
    shown = cleo.get(f"/team/{cast.ana.id}/queue").text
    assert "Call nr 0" in shown and "/done" not in shown and "/skip" not in shown
    with work() as uow:
        looked = uow.session.scalars(sa.select(Activity).where(Activity.kind == "user.viewed_as")).one()
        assert (looked.actor_id, looked.data["user"]) == (cast.cleo.id, cast.ana.id)


def test_what_was_not_planned_is_logged(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana, url = browse(cast.ana), f"/people/{person.id}/log"
    ana.post(
        url, {"kind": "call", "inbound": "1", "outcome": "Reached: interested", "words": "Wants a price"}
    )
    ana.post(url, {"kind": "note", "words": "Allergic to nuts"})
    shown = ana.get(f"/people/{person.id}/history").text
    assert "called · Reached: interested · Wants a price" in shown and "Allergic to nuts" in shown
    assert "Call from them" in ana.get(f"/people/{person.id}/tasks").text
    empty = ana.post(url, {"kind": "note", "words": " "})
    assert empty.status_code == 422 and "Write what is to be remembered" in empty.text
    ahead = ana.post(url, {"kind": "call", "at": "2027-01-01T10:00", "words": "Mine"})
    assert ahead.status_code == 422 and "Mine" in ahead.text and "Choose a time that has been" in ahead.text


def test_a_meeting_that_was_booked_ends_the_campaigns_as_a_success(
    browse: Browse, work: Work, cast: Cast
) -> None:
    a_campaign_call(work, cast)
    with work() as uow:
        person_id = uow.session.scalars(sa.select(Person.id)).one()
    browse(cast.ana).post(f"/people/{person_id}/log", {"kind": "meeting", "booked": "1"})
    with work() as uow:
        enrollment = uow.session.scalars(sa.select(Enrollment)).one()
        assert enrollment.state is EnrollmentState.ENDED and enrollment.why.startswith("success")


def test_a_pinned_note_stands_on_the_person_and_beside_every_task(
    browse: Browse, work: Work, cast: Cast
) -> None:
    id = a_campaign_call(work, cast)
    with work() as uow:
        person_id = uow.session.scalars(sa.select(Person.id)).one()
    ana = browse(cast.ana)
    ana.post(f"/people/{person_id}/pin", {"pinned": "Only calls before noon"})
    for page in (f"/people/{person_id}", f"/tasks/{id}"):
        assert "Only calls before noon" in ana.get(page).text


def test_the_feed_is_narrowed_to_tasks_and_completes_them(browse: Browse, work: Work, cast: Cast) -> None:
    (id,) = calls(work, cast.ana)
    ana = browse(cast.ana)
    shown = ana.get("/feed?scope=team&about=tasks").text
    assert "Call nr 0" in shown and f'action="/tasks/{id}/done"' in shown
    assert "Call nr 0" not in ana.get("/feed?scope=team&about=mails").text


def test_a_campaign_s_tasks_are_worked_on_its_tab(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: completing is possible from the campaign's Tasks tab, whoever has them."""
    id = a_campaign_call(work, cast)
    calls(work, cast.ana)
    ben, campaign = browse(cast.ben), "/campaigns/1/tasks"
    whole, part = ben.get(campaign).text, ben.get(campaign, htmx=True).text
    assert plain(part) in plain(whole) and whole.count('class="task"') == 1
    assert f"/tasks/{id}/done" in whole and cast.ana.name in whole
    assert 'class="task"' not in ben.get(f"{campaign}?owner={cast.ben.id}").text
    ben.headers["HX-Current-URL"] = f"http://localhost{campaign}"
    answer = ben.post(f"/tasks/{id}/done", htmx=True)
    assert 'href="/campaigns/1/tasks?' in answer.text, "the numbers that change are those of the tab"
    assert states(work).count(TaskState.COMPLETED) == 1
    assert "Nothing to do here now" in ben.get(campaign).text
    assert ben.get(f"{campaign}?show=done").text.count('class="task over"') == 1
    assert browse(cast.dirk).get(campaign).status_code == 404


def test_a_task_is_completed_on_the_person_s_page(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: completing is possible from the person's page."""
    id = a_campaign_call(work, cast)
    ana = browse(cast.ana)
    person = ana.get("/people/1/tasks").text
    assert f'action="/tasks/{id}/done"' in person and "What is over" not in person
    ana.post(f"/tasks/{id}/done")
    assert states(work).count(TaskState.COMPLETED) == 1
    over = ana.get("/people/1/tasks").text
    assert f'action="/tasks/{id}/done"' not in over and "What is over" in over
