"""Leave, sending, holidays, rescue and late mail on their pages: who may, what is typed wrong, what is said, undo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.calendars.models import Leave, LeaveState, OwnHoliday
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Cause, Hold
from sales_campaigns.messages.stops.reasons import put_stop
from sales_campaigns.messages.stops.waking import wake
from sales_campaigns.tasks.models import Task
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
LEAVE = {"first_day": "2026-12-01", "last_day": "2026-12-04", "how": "shift"}


def held(work: Work, kind: str, key: int) -> bool:
    with work() as uow:
        return uow.session.get_one(Hold, (kind, key)).stopped


def overdue(work: Work, cast: Cast, number: int) -> None:
    with work() as uow:
        uow.session.add_all(
            Task(
                team_id=cast.ana.team_id,
                assignee_id=cast.ana.id,
                kind="custom",
                name=f"Task {n}",
                due_at=uow.now - timedelta(days=3),
                created_at=uow.now,
            )
            for n in range(number)
        )


def test_a_rep_enters_a_leave_sees_it_and_cancels_it(work: Work, cast: Cast, browse: Browse) -> None:
    ana = browse(cast.ana)
    assert ana.post("/leave", LEAVE).status_code == 303
    shown = ana.get("/leave").get_data(as_text=True)
    assert "Leave from Tue 1 Dec to Fri 4 Dec is entered." in shown and "Shift" in shown
    with work() as uow:
        leave = uow.session.scalars(sa.select(Leave.id)).one()
    assert ana.post(f"/leave/{leave}/cancel").status_code == 303
    assert ana.post(f"/leave/{leave}/again").status_code == 303
    with work() as uow:
        assert list(uow.session.scalars(sa.select(Leave.state).order_by(Leave.id))) == [
            LeaveState.CANCELLED,
            LeaveState.PLANNED,
        ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"first_day": "soon"}, "Give a date."),
        ({"last_day": "2026-11-01"}, "The last day is the first day, or a later one."),
        ({"how": "hand_over"}, "Choose the teammate who stands in."),
        ({"how": "magic"}, "Choose what becomes of the work."),
    ],
)
def test_what_was_typed_stays_beside_what_is_wrong(
    cast: Cast, browse: Browse, wrong: dict[str, str], words: str
) -> None:
    answer = browse(cast.ana).post("/leave", {**LEAVE, "note": "Sailing & more", **wrong})
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422 and words in shown and "Sailing &amp; more" in shown


def test_administrators_see_the_team_day_by_day_and_reps_see_no_notes_of_others(
    cast: Cast, browse: Browse
) -> None:
    browse(cast.ana).post("/leave", {**LEAVE, "note": "Operation"})
    assert "Tue 1 Dec away" in browse(cast.cleo).get("/leave").get_data(as_text=True)
    of_ben = browse(cast.ben).get("/leave").get_data(as_text=True)
    assert "Ana Lind" in of_ben and "Operation" not in of_ben and "away</span>" not in of_ben
    assert "Ana Lind" not in browse(cast.dirk).get("/leave").get_data(as_text=True)


def test_an_administrator_enters_the_leave_of_somebody_who_is_ill(
    work: Work, cast: Cast, browse: Browse
) -> None:
    assert browse(cast.cleo).post("/leave", {**LEAVE, "user": cast.ana.id}).status_code == 303
    with work() as uow:
        assert uow.session.scalars(sa.select(Leave.user_id)).one() == cast.ana.id
    assert browse(cast.ben).post("/leave", {**LEAVE, "user": cast.ana.id}).status_code == 403


def test_ones_whole_work_is_paused_and_every_page_says_so(work: Work, cast: Cast, browse: Browse) -> None:
    ana = browse(cast.ana)
    assert ana.post("/leave/pause").status_code == 303
    assert held(work, "sender", cast.ana.id)
    assert "The work of Ana Lind is paused. Mail waits." in ana.get("/people").get_data(as_text=True)
    assert "is paused. Mail waits." not in browse(cast.ben).get("/people").get_data(as_text=True)
    assert ana.post("/leave/resume").status_code == 303
    assert not held(work, "sender", cast.ana.id)


def test_an_administrator_pauses_a_reps_work_from_the_list_of_users(
    work: Work, cast: Cast, browse: Browse
) -> None:
    cleo = browse(cast.cleo)
    assert cleo.post(f"/leave/of/{cast.ana.id}/pause").status_code == 303
    assert held(work, "sender", cast.ana.id)
    assert "Go on with the work" in cleo.get("/users").get_data(as_text=True)
    assert browse(cast.ben).post(f"/leave/of/{cast.ana.id}/resume").status_code == 403
    assert cleo.post(f"/leave/of/{cast.ana.id}/resume").status_code == 303


def test_an_administrator_stops_all_sending_from_today_with_the_number_and_it_can_be_undone(
    work: Work, cast: Cast, browse: Browse
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    cleo = browse(cast.cleo)
    assert "Stop all sending: 1 mail waits" in cleo.get("/").get_data(as_text=True)
    assert "Stop all sending" not in browse(cast.ana).get("/").get_data(as_text=True)
    assert cleo.post("/sending/stop").status_code == 303
    assert held(work, *INSTANCE)
    for user in (cast.ana, cast.dirk, cast.cleo):
        assert "Cleo Martin has stopped all sending." in browse(user).get("/people").get_data(as_text=True)
    assert browse(cast.ana).post("/sending/release").status_code == 403
    assert "Let 1 mail leave again" in cleo.get("/sending").get_data(as_text=True)
    assert cleo.post("/sending/release").status_code == 303
    assert not held(work, *INSTANCE)


def test_a_rep_stops_the_own_mailbox(work: Work, cast: Cast, browse: Browse) -> None:
    ana = browse(cast.ana)
    assert ana.post(f"/sending/mailboxes/{cast.ana_box.id}/stop").status_code == 303
    shown = ana.get("/sending").get_data(as_text=True)
    assert "Nothing leaves from ana@north.example." in shown and "ben@north" not in shown
    assert held(work, "mailbox", cast.ana_box.id)
    assert browse(cast.ben).post(f"/sending/mailboxes/{cast.ana_box.id}/release").status_code == 403
    assert ana.post(f"/sending/mailboxes/{cast.ana_box.id}/release").status_code == 303


def test_a_clone_says_on_every_page_why_nothing_leaves_until_it_is_confirmed(
    work: Work, cast: Cast, browse: Browse
) -> None:
    for place in ("here", "there"):
        with work() as uow:
            wake(uow, place, 0)
    assert "in a place where it did not run before" in browse(cast.ana).get("/tasks").get_data(as_text=True)
    assert browse(cast.ana).post("/sending/confirm").status_code == 403
    cleo = browse(cast.cleo)
    assert "Confirm: let 0 mails leave from here" in cleo.get("/sending").get_data(as_text=True)
    assert cleo.post("/sending/confirm").status_code == 303
    assert not held(work, *INSTANCE)


def test_the_command_line_stops_releases_and_confirms(work: Work, cast: Cast, app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["instance", "stop", "--user", cast.cleo.email]).exit_code == 0
    assert '"cause": "stopped"' in run(args=["instance", "status", "--json"]).output
    assert run(args=["instance", "stop", "--user", cast.ana.email]).exit_code == 1
    assert run(args=["instance", "release", "--user", cast.cleo.email]).exit_code == 0
    assert "nothing to confirm" in run(args=["instance", "confirm"]).output
    with work() as uow:
        put_stop(uow, *INSTANCE, Cause.RESTORED, "it was restored")
    assert run(args=["instance", "confirm"]).exit_code == 0
    assert run(args=["instance", "status"]).output.startswith("Mail leaves as it is due.")


def test_the_command_line_keeps_leave(work: Work, cast: Cast, app: Flask) -> None:
    run = app.test_cli_runner().invoke
    days = ["--from", "2026-12-01", "--to", "2026-12-04"]
    ana = cast.ana.email
    assert "2026-12-01 to 2026-12-04" in run(args=["leave", "add", ana, *days]).output
    assert '"how": "shift"' in run(args=["leave", "list", ana, "--json"]).output
    assert run(args=["leave", "add", ana, *days]).exit_code == 1, "it overlaps"
    assert "cancelled" in run(args=["leave", "cancel", "1", "--user", ana]).output


def test_rescue_shows_the_days_before_and_offers_to_undo(work: Work, cast: Cast, browse: Browse) -> None:
    overdue(work, cast, 7)
    ana = browse(cast.ana)
    assert "Rescue 7 overdue tasks" in ana.get("/tasks").get_data(as_text=True)
    shown = ana.get("/tasks/rescue").get_data(as_text=True)
    assert "Spread 7 overdue tasks" in shown and "Mon 30 Nov: 2 of 40" in shown
    part = ana.get("/tasks/rescue?how=skip", htmx=True).get_data(as_text=True)
    assert "Skip 7 overdue tasks" in part and "<html" not in part
    assert ana.get("/tasks/rescue?days=none").status_code == 422
    assert ana.post("/tasks/rescue", {"how": "spread"}).status_code == 303
    assert "7 overdue tasks spread." in ana.get("/tasks").get_data(as_text=True)
    assert ana.post("/tasks/rescue/1/undo").status_code == 303
    assert "Rescue 7 overdue tasks" in ana.get("/tasks").get_data(as_text=True)


def test_late_mail_is_answered_all_at_once(
    work: Work, cast: Cast, browse: Browse, room: PostRoom, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(
            uow, cast.ana, [a_mail(uow, 1, at="10:00")], late={"limit": "4h", "then": "ask"}
        )
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(3)]
        launch(uow, cast.ana, Order(campaign.id, people))
    clock.forward(timedelta(hours=7))
    run_until_quiet(room)
    ana = browse(cast.ana)
    assert "Late mail: 3." in ana.get("/tasks").get_data(as_text=True)
    assert "Send 3, spread over an hour" in ana.get("/late").get_data(as_text=True)
    assert ana.post("/late", {"answer": "send"}).status_code == 422
    assert ana.post("/late", {"answer": "send", "all": "1"}).status_code == 303
    assert "3 mails leave, spread over an hour." in ana.get("/late").get_data(as_text=True)


def test_holidays_are_kept_by_administrators(work: Work, cast: Cast, browse: Browse) -> None:
    cleo = browse(cast.cleo)
    typed = {"place": "SE", "day": "2026-12-01", "kind": "free", "name": "Our day"}
    assert cleo.post("/admin/holidays", {**typed, "place": "Atlantis"}).status_code == 422
    assert cleo.post("/admin/holidays", typed).status_code == 303
    assert "Our day" in cleo.get("/admin/holidays").get_data(as_text=True)
    assert browse(cast.ana).get("/admin/holidays").status_code == 403
    assert browse(cast.ana).post("/admin/holidays", typed).status_code == 403
    assert cleo.post("/admin/holidays/1/drop").status_code == 303
    assert "Tue 1 Dec is as it is in public again." in cleo.get("/admin/holidays").get_data(as_text=True)
    with work() as uow:
        assert uow.session.scalars(sa.select(OwnHoliday)).all() == []


@pytest.mark.parametrize("url", ["/sending", "/leave", "/late", "/tasks/rescue"])
def test_their_queries_do_not_grow_with_the_rows(
    work: Work,
    cast: Cast,
    browse: Browse,
    queries: Callable[[], AbstractContextManager[list[str]]],
    url: str,
) -> None:
    ana = browse(cast.ana)
    counts = []
    for number in (1, 30):
        overdue(work, cast, number)
        with queries() as seen:
            assert ana.get(url).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
