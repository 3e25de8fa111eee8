"""Command Center › Tasks: the queue, its buttons, many at once, undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import remind
from sales_campaigns.tracking.models import EventKind
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.engagement import did, sent_mails
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def some_tasks(work: Work, owner: User, number: int = 1, **hours: float) -> list[int]:
    """Calls that are due in so many hours from now."""
    with work() as uow:
        due = uow.now + timedelta(**(hours or {"hours": 1}))
        return [
            remind(
                uow,
                owner,
                name=f"Call nr {place}",
                due_at=due,
                kind=TaskKind.CALL,
                person=a_person(uow, owner, f"p{owner.id}.{place}.{due:%d%H}@example.com", phone="+46 8 1"),
            ).id
            for place in range(number)
        ]


def state_of(work: Work, task_id: int) -> TaskState:
    with work() as uow:
        return uow.session.get_one(Task, task_id).state


def test_it_shows_what_is_overdue_before_what_is_due_today(browse: Browse, work: Work, cast: Cast) -> None:
    some_tasks(work, cast.ana, hours=1)
    some_tasks(work, cast.ana, days=-2)
    some_tasks(work, cast.ben)
    shown = browse(cast.ana).get("/tasks").text
    assert shown.index("<h2>Overdue<") < shown.index("2 days late") < shown.index("<h2>Today<")
    assert shown.count('class="task"') == 2
    assert re.search(r"2 tasks to do", shown)


def test_it_is_launched_from_its_row(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: call, compose, LinkedIn by one click."""
    link = "https://www.linkedin.com/in/maria"
    with work() as uow:
        maria = a_person(uow, cast.ana, phone="+46 8 1", linkedin_url=link)
        _, mail, _ = (
            remind(uow, cast.ana, name=kind.value, kind=kind, person=maria, due_at=uow.now).id
            for kind in (TaskKind.CALL, TaskKind.EMAIL, TaskKind.INMAIL)
        )
    shown = browse(cast.ana).get("/tasks").text
    assert shown.count('href="tel:+4681"') == shown.count(f'href="{link}"') == 3
    assert f'href="/compose?task={mail}"' in shown and "Log call" in shown and "Open InMail" in shown


def test_a_row_says_what_its_person_did_with_our_mails_lately(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: row: type, person, company, campaign · day · step, engagement, due. Machines did nothing."""
    with work() as uow:
        _, mails = sent_mails(uow, cast, *(f"{name}@example.com" for name in ("ida", "otto", "eva", "old")))
        did(uow, mails[0], *[EventKind.OPEN] * 4)
        did(uow, mails[1], EventKind.OPEN, EventKind.CLICK)
        did(uow, mails[2], EventKind.OPEN, machine="scanner")
        did(uow, mails[3], EventKind.OPEN, at=uow.now - timedelta(days=31))
        for mail in mails:
            person = uow.session.get_one(Person, mail.person_id)
            remind(uow, cast.ana, name="Ask", due_at=uow.now, kind=TaskKind.CUSTOM, person=person)
    ana = browse(cast.ana)
    for page in ("/tasks", "/", f"/people/{mails[1].person_id}/tasks"):
        assert "clicked 1×" in ana.get(page).text
    assert re.findall(r"(?:opened|clicked) \d×", ana.get("/tasks").text) == ["opened 4×", "clicked 1×"]


def test_it_keeps_upcoming_snoozed_and_done_apart(browse: Browse, work: Work, cast: Cast) -> None:
    (later,), (snoozed,), (done,) = (some_tasks(work, cast.ana, days=days) for days in (2, 0.1, 0.2))
    ana = browse(cast.ana)
    ana.post(f"/tasks/{snoozed}/snooze", {"until": "2026-12-01T09:00"})
    ana.post(f"/tasks/{done}/done")
    for show, id in (("upcoming", later), ("snoozed", snoozed), ("done", done)):
        shown = ana.get(f"/tasks?show={show}").text
        assert re.findall(r'id="task-(\d+)"', shown) == [str(id)]


def test_the_whole_page_holds_the_part_that_htmx_gets(browse: Browse, work: Work, cast: Cast) -> None:
    some_tasks(work, cast.ana, 3)
    ana = browse(cast.ana)
    whole, part = ana.get("/tasks?kind=call").text, ana.get("/tasks?kind=call", htmx=True).text
    assert "<html" not in part and plain(part) in plain(whole)


def test_it_costs_the_same_however_many_tasks_there_are(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    some_tasks(work, cast.ana, 5)
    ana = browse(cast.ana)
    with queries() as few:
        ana.get("/tasks")
    some_tasks(work, cast.ana, 45, hours=2)
    with queries() as many:
        ana.get("/tasks")
    assert len(many) == len(few)


def test_it_pages_by_key_and_misses_none(browse: Browse, work: Work, cast: Cast) -> None:
    ids = some_tasks(work, cast.ana, 60) + some_tasks(work, cast.ana, 60, days=-1)
    ana, seen, url = browse(cast.ana), [], "/tasks"
    while url:
        shown = ana.get(url).text
        seen += re.findall(r'id="task-(\d+)"', shown)
        following = re.search(r'href="(/tasks\?after=[^"]+)"', shown)
        url = following.group(1).replace("&amp;", "&") if following else ""
    assert sorted(map(int, seen)) == sorted(ids)


def test_done_takes_the_row_away_and_brings_the_numbers_and_a_way_back(
    browse: Browse, work: Work, cast: Cast
) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    answer = ana.post(f"/tasks/{task_id}/done", htmx=True)
    assert answer.status_code == 200 and 'class="task"' not in answer.text
    assert "Nothing left to do today" in answer.text and "1 done today" in answer.text
    assert f"/tasks/undo?tasks={task_id}" in answer.text
    assert state_of(work, task_id) is TaskState.COMPLETED


def test_done_in_two_tabs_is_done_once(browse: Browse, work: Work, cast: Cast) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana, ben = browse(cast.ana), browse(cast.ben)
    assert ana.post(f"/tasks/{task_id}/done").status_code == 303
    assert ben.post(f"/tasks/{task_id}/done").status_code == 303
    with work() as uow:
        done = sa.text("select count(*) from activity where kind = 'task.completed'")
        assert uow.session.scalar(done) == 1


@pytest.mark.parametrize(
    ("act", "typed"),
    [("done", {}), ("skip", {}), ("snooze", {"until": "2026-12-03T09:00"}), ("priority?to=high", {})],
)
def test_everything_can_be_undone_for_some_seconds(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock, act: str, typed: dict[str, str]
) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    before = plain(ana.get("/tasks", htmx=True).text)
    ana.post(f"/tasks/{task_id}/{act}", typed)
    assert plain(ana.get("/tasks", htmx=True).text) != before
    clock.forward(timedelta(seconds=5))
    assert ana.post(f"/tasks/undo?tasks={task_id}").status_code == 303
    assert plain(ana.get("/tasks", htmx=True).text) == before


def test_undo_comes_too_late_after_its_seconds(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    ana.post(f"/tasks/{task_id}/snooze", {"until": "2026-12-03T09:00"})
    clock.forward(timedelta(seconds=11))
    answer = ana.post(f"/tasks/undo?tasks={task_id}")
    assert (answer.status_code, "too late" in answer.text) == (409, True)


def test_a_call_is_logged_with_its_outcome_and_a_note(browse: Browse, work: Work, cast: Cast) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    assert "Reached: interested" in ana.get(f"/tasks/{task_id}").text
    ana.post(f"/tasks/{task_id}/done", {"outcome": "No answer", "note": "Try at noon"})
    with work() as uow:
        task = uow.session.get_one(Task, task_id)
        assert (task.outcome, task.note) == ("No answer", "Try at noon")


def test_what_was_typed_is_kept_beside_what_is_wrong(browse: Browse, work: Work, cast: Cast) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    answer = ana.post(f"/tasks/{task_id}/done", {"other_outcome": "x" * 90, "note": "My note"})
    assert answer.status_code == 422 and "My note" in answer.text and "80 characters" in answer.text
    past = ana.post(f"/tasks/{task_id}/snooze", {"until_local": "2026-11-29T09:00"})
    assert past.status_code == 422 and "still to come" in past.text and "2026-11-29T09:00" in past.text
    new = ana.post("/tasks/new", {"name": "", "due": "soon", "details": "Remember me"})
    assert new.status_code == 422 and "Remember me" in new.text and "Write a date" in new.text


def test_many_are_done_snoozed_skipped_and_given_at_once(browse: Browse, work: Work, cast: Cast) -> None:
    ids = [str(id) for id in some_tasks(work, cast.ana, 3)]
    ana = browse(cast.ana)
    ana.post("/tasks/bulk", {"do": "snooze", "task": ids, "until": "2026-12-01T09:00"})
    assert "3 tasks snoozed until Tue 1 Dec 09:00" in ana.get("/tasks").text
    ana.post("/tasks/bulk", {"do": "assign", "task": ids, "assignee": str(cast.ben.id)})
    assert "3 tasks given to Ben Okafor" in ana.get("/tasks?show=snoozed").text
    assert browse(cast.ben).get("/tasks?show=snoozed").text.count('class="task"') == 3
    ana.post("/tasks/bulk", {"do": "complete", "task": ids})
    assert {state_of(work, int(id)) for id in ids} == {TaskState.COMPLETED}
    ana.post(f"/tasks/undo?tasks={','.join(ids)}")
    ana.post("/tasks/bulk", {"do": "skip", "task": ids})
    assert {state_of(work, int(id)) for id in ids} == {TaskState.SKIPPED}


def test_the_bulk_bar_wants_something_chosen(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.ana).post("/tasks/bulk", {"do": "complete"})
    assert (answer.status_code, "Choose at least one task" in answer.text) == (422, True)


def test_a_reminder_is_added_for_a_person_and_a_teammate(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
    typed = {
        "name": "Send the price list",
        "due": "2026-12-02T14:30",
        "person": "maria@example.com",
        "assignee": str(cast.ben.id),
        "kind": "email",
        "high": "1",
    }
    assert browse(cast.ana).post("/tasks/new", typed).status_code == 303
    shown = browse(cast.ben).get("/tasks?show=upcoming").text
    assert "Send the price list" in shown and "Maria Santos" in shown and "Wed 14:30" in shown


@pytest.mark.parametrize("act", ["", "/done", "/skip", "/snooze", "/assign", "/priority"])
def test_tasks_of_another_team_are_not_there(browse: Browse, work: Work, cast: Cast, act: str) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    dirk = browse(cast.dirk)
    answer = dirk.post(f"/tasks/{task_id}{act}") if act else dirk.get(f"/tasks/{task_id}")
    assert answer.status_code == 404
    assert dirk.post("/tasks/bulk", {"do": "complete", "task": [str(task_id)]}).status_code == 404
    assert dirk.post(f"/tasks/undo?tasks={task_id}").status_code == 404
    assert state_of(work, task_id) is TaskState.OPEN


def test_the_player_goes_from_task_to_task(browse: Browse, work: Work, cast: Cast) -> None:
    first, second, third = some_tasks(work, cast.ana, 3)
    ana = browse(cast.ana)
    shown = ana.get("/tasks/play").text
    assert "1 of 3" in shown and "Call nr 0" in shown
    back = re.search(r'name="back" value="([^"]+)"', shown)
    assert back is not None
    on = ana.post(f"/tasks/{first}/done", {"back": back.group(1).replace("&amp;", "&")}).headers["Location"]
    shown = ana.get(on).text
    assert "2 of 3" in shown and "Call nr 1" in shown
    passed_over = re.search(r'href="(/tasks/play\?[^"]+)"', shown)
    assert passed_over is not None
    shown = ana.get(passed_over.group(1).replace("&amp;", "&")).text
    assert "3 of 3" in shown and "Call nr 2" in shown
    last = re.search(r'name="back" value="([^"]+)"', shown)
    assert last is not None
    on = ana.post(f"/tasks/{third}/done", {"back": last.group(1).replace("&amp;", "&")}).headers["Location"]
    assert "1 task you passed over is still to do" in ana.get(on).text
    assert state_of(work, second) is TaskState.OPEN


def test_the_player_goes_through_what_the_queue_is_narrowed_to(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """Twenty calls in a row are calls only, and the list that one comes back to is the narrowed one."""
    some_tasks(work, cast.ana, 2)
    with work() as uow:
        remind(uow, cast.ana, name="Tidy up", kind=TaskKind.CUSTOM, due_at=uow.now)
    ana = browse(cast.ana)
    assert 'href="/tasks/play?kind=call"' in ana.get("/tasks?kind=call").text
    shown = ana.get("/tasks/play?kind=call").text
    assert "1 of 2" in shown and 'href="/tasks?kind=call"' in shown
    following = re.findall(r'href="(/tasks/play\?[^"]+)"', shown)[0].replace("&amp;", "&")
    assert "Call nr 1" in ana.get(following).text and "kind=call" in following
    assert "1 of 3" in ana.get("/tasks/play").text


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "https://elsewhere.example/x", "/\\elsewhere.example", "http://[/x"]
)
def test_it_never_leads_back_to_another_site(browse: Browse, work: Work, cast: Cast, back: str) -> None:
    (task_id,) = some_tasks(work, cast.ana)
    answer = browse(cast.ana).post(f"/tasks/{task_id}/done", {"back": back})
    assert answer.headers["Location"] == "/tasks"


def test_a_task_of_no_campaign_says_what_it_is_and_where_it_comes_from(
    browse: Browse, work: Work, cast: Cast
) -> None:
    [task_id] = some_tasks(work, cast.ana)
    ana = browse(cast.ana)
    assert "<span>Reminder</span>" in ana.get("/tasks").text
    with work() as uow:
        uow.session.execute(sa.update(Task).where(Task.id == task_id).values(source="crm"))
    shown = ana.get("/tasks").text
    assert "<span>Call from the CRM</span>" in shown and "Reminder" not in plain(shown)
    assert "Call from the CRM" in ana.get(f"/tasks/{task_id}").text
