"""Why? on pages and in the terminal: a part in its place, a page without scripts, and what is broken on Today."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.presence import beat
from sales_campaigns.tasks.models import Task
from scheduler.commands import status_of
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def started(work: Work, cast: Cast, number: int = 1) -> tuple[int, int, str]:
    """(campaign, first enrollment, key of the first step); a mail at ten, then a call. It is nine."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_call(2)])
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign.id, people))
        beat(uow.session, "scheduler")
        first = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)).first()
        message = uow.session.scalars(sa.select(Message)).first()
        assert first is not None and message is not None and message.step_key is not None
        return campaign.id, first.id, message.step_key


def lose_mailboxes(work: Work) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(state="needs_reconnect", trouble="535 sign in again"))


def test_the_part_and_the_page_tell_the_same(browse: Browse, work: Work, cast: Cast) -> None:
    _, enrollment, key = started(work, cast)
    url, ana = f"/why/steps/{enrollment}/{key}", browse(cast.ana)
    whole, part = text(ana.get(url).text), text(ana.get(url, htmx=True).text)
    assert part in whole and "<html" not in ana.get(url, htmx=True).text
    assert part.startswith("Waits for its time. It leaves Mon 30 Nov 10:00 Stockholm. Sending Nothing leaves")
    assert "Its time decides the moment" in part


def test_every_place_that_shows_a_step_or_a_mail_asks_for_it(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    campaign, enrollment, key = started(work, cast)
    with work() as uow:
        message = uow.session.scalars(sa.select(Message.id)).one()
        person = uow.session.scalars(sa.select(Enrollment.person_id)).one()
    ana, step, mail = browse(cast.ana), f"/why/steps/{enrollment}/{key}", f"/why/messages/{message}"
    for place in (
        f"/campaigns/{campaign}/people",
        f"/enrollments/{enrollment}",
        f"/people/{person}/campaigns",
    ):
        assert f'hx-get="{step}"' in ana.get(place).text and f'href="{step}"' in ana.get(place).text, place
    for place in ("/emails?folder=scheduled", f"/emails/{message}"):
        assert f'href="{mail}"' in ana.get(place).text, place


def test_a_task_of_a_campaign_offers_it_and_a_reminder_does_not(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    with work() as uow:
        open_due(uow)
        task = uow.session.scalars(sa.select(Task.id)).one()
    ana = browse(cast.ana)
    assert f"/why/tasks/{task}" in ana.get("/tasks").text
    assert "Waits until Ana Lind completes or skips the task." in ana.get(f"/why/tasks/{task}").text
    with work() as uow:
        uow.session.execute(sa.update(Task).values(step_run_id=None))
    assert f"/why/tasks/{task}" not in ana.get("/tasks").text
    assert ana.get(f"/why/tasks/{task}").status_code == 404


def test_today_tells_how_many_mails_wait_for_what_is_broken_and_what_to_do(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """The rule: when something is broken the UI says which sends wait, why, and what to do."""
    started(work, cast, 3)
    assert "mails wait" not in browse(cast.ana).get("/").text
    lose_mailboxes(work)
    shown = text(browse(cast.ana).get("/").text)
    assert "3 mails wait. The mailbox ana@north.example is not connected. They wait until" in shown
    assert shown.count("is not connected") == 1, "what is told once is not told again"
    assert "ben@north.example is not connected" in browse(cast.ben).get("/").text, "also while no mail waits"


def test_the_outbox_tells_the_reason_of_what_waits(browse: Browse, work: Work, cast: Cast) -> None:
    started(work, cast)
    assert "Waits for its time Why?" in text(browse(cast.ana).get("/emails?folder=scheduled").text)
    lose_mailboxes(work)
    shown = text(browse(cast.ana).get("/emails?folder=scheduled").text)
    assert "The mailbox ana@north.example is not connected Why?" in shown


def test_what_is_put_right_elsewhere_leads_only_whom_it_concerns(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """The mailbox of a colleague is an administrator's matter."""
    _, enrollment, key = started(work, cast)
    lose_mailboxes(work)
    url = f"/why/steps/{enrollment}/{key}"
    assert 'href="/mailbox">Connect it again' in browse(cast.ana).get(url, htmx=True).text
    assert 'href="/users">Connect it again' in browse(cast.cleo).get(url, htmx=True).text
    assert "Connect it again" not in browse(cast.ben).get(url, htmx=True).text


@pytest.mark.parametrize("path", ["/", "/campaigns/{}/people", "/admin/health", "/emails?folder=scheduled"])
def test_the_number_of_queries_does_not_grow(
    path: str, browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    campaign, *_ = started(work, cast)
    lose_mailboxes(work)
    who = browse(cast.cleo if "admin" in path else cast.ana)
    who.get(path.format(campaign))
    with queries() as few:
        who.get(path.format(campaign))
    with work() as uow:
        people = [a_person(uow, cast.ana, f"q{n}@example.com").id for n in range(20)]
        launch(uow, cast.ana, Order(campaign, people))
    with queries() as many:
        who.get(path.format(campaign))
    assert len(many) == len(few)


def test_health_is_for_administrators_and_tells_what_holds_each_mailbox_up(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    started(work, cast, 2)
    assert browse(cast.ana).get("/admin/health").status_code == 403
    cleo = browse(cast.cleo)
    assert "/admin/health" in cleo.get("/admin").text and browse(cast.ana).get("/admin").status_code == 403
    shown = text(cleo.get("/admin/health").text)
    assert "ana@north.example Ana Lind 2 0 0 0 0 Nothing but its time" in shown
    assert without_seconds(text(cleo.get("/admin/health", htmx=True).text)) in without_seconds(shown)
    lose_mailboxes(work)
    assert "2 mails of Ana Lind wait. The mailbox ana@north.example is not connected." in text(
        cleo.get("/admin/health").text
    )


def without_seconds(shown: str) -> str:
    """How late it is may have grown between two looks."""
    return re.sub(r"\b\d+ s\b", "", shown)


def test_health_says_that_nobody_keeps_time(browse: Browse, work: Work, cast: Cast) -> None:
    shown = browse(cast.cleo).get("/admin/health").text
    assert "No scheduler is running" in shown and "No process has given a sign of life" in shown


def test_the_status_of_the_scheduler_tells_the_same(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    started(work, cast, 2)
    clock.forward(timedelta(hours=3))
    data = status_of(room)
    assert data["lag_seconds"]["mail"] == 7200 and data["processes"][0]["alive"]
    lose_mailboxes(work)
    [mine, *_] = status_of(room)["mailboxes"]
    assert (mine["mailbox"], mine["due"]) == ("ana@north.example", 2)
    [reason] = mine["waits"]
    assert reason == {"count": 2, "reason": "The mailbox ana@north.example is not connected.", "broken": True}


def why(app: Flask, *more: str, person: str = "p0@example.com", user: str = "ana@north.example") -> str:
    result = app.test_cli_runner().invoke(args=["why", "--person", person, "--user", user, *more])
    return result.output


def test_the_command_tells_each_step_with_its_gates(app: Flask, work: Work, cast: Cast) -> None:
    started(work, cast)
    said = why(app)
    assert "Q4 outreach · day 1, step 1: Quick question, [first name]" in said
    assert "  Waits for its time. It leaves Mon 30 Nov 10:00 Stockholm." in said
    assert "* Its time: day 1, step 1 at 10:00 → Mon 30 Nov 10:00" in said and "+ Campaign: goes on" in said
    mail, call = json.loads(why(app, "--json", "--campaign", "Q4 outreach"))
    assert (mail["binding"], mail["at"]) == ("its_time", "2026-11-30T09:00:00+00:00")
    assert (call["binding"], call["until"]) == ("earlier_steps", "day 1, step 1 is over")


def test_the_command_finds_nobody_of_another_team(app: Flask, work: Work, cast: Cast) -> None:
    started(work, cast)
    assert "Error: Nobody of your team has the address" in why(app, user="dirk@south.example")
    assert "Error: This person is in no such campaign." in why(app, "--campaign", "Another")
