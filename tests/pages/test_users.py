"""The page of users: administrators invite, give rights and deactivate; nobody changes the own rights."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import Mailbox, Role, User
from sales_campaigns.accounts.sign_in import start_session
from sales_campaigns.accounts.users import add_user
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.models import Hold, Message
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser, browser_of
from tests.sink import Sink

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def tessa(work: Work, cast: Cast) -> User:
    """The administrator of the team North."""
    with work() as uow:
        return add_user(uow, email="tessa@north.example", team="North", role=Role.TEAM_ADMINISTRATOR)


def user(work: Work, user_id: int) -> User:
    with work() as uow:
        return uow.session.get_one(User, user_id)


def test_a_user_does_not_see_the_page_nor_its_link(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert ana.get("/users").status_code == 403
    assert ana.post("/users", {"email": "x@north.example"}).status_code == 403
    assert ana.post(f"/users/{cast.ben.id}/deactivate").status_code == 403
    assert 'href="/users"' not in ana.get("/people").text


def test_an_administrator_sees_every_team_and_a_team_administrator_the_own(
    browse: Browse, cast: Cast, tessa: User
) -> None:
    shown = browse(cast.cleo).get("/users").text
    assert "dirk@south.example" in shown and "cleo@north.example" in shown, "also who has no mailbox"
    shown = browse(tessa).get("/users").text
    assert "ana@north.example" in shown and "dirk@south.example" not in shown
    assert browse(tessa).post(f"/users/{cast.dirk.id}/deactivate").status_code == 404


def test_a_new_user_signs_in_once_by_the_link_that_is_shown_once(
    app: Flask, browse: Browse, work: Work, cast: Cast
) -> None:
    cleo = browse(cast.cleo)
    typed = {"email": "Eva@north.example", "first_name": "Eva", "team": "North", "zone": "Europe/Oslo"}
    shown = cleo.post("/users", {**typed, "role": "user", "can_start": "1"}).text
    link = re.search(r"/sign-in/link/[\w-]+", shown)
    assert link is not None and "A sign-in link for Eva" in shown
    assert link[0] not in cleo.get("/users").text
    assert browser_of(app).get(link[0]).status_code == 303
    with work() as uow:
        eva = uow.session.scalars(sa.select(User).where(User.email == "eva@north.example")).one()
        assert (eva.zone, eva.can_start, eva.can_prepare, eva.team_id) == (
            "Europe/Oslo",
            True,
            False,
            cast.ana.team_id,
        )


def test_bad_input_keeps_what_was_typed(browse: Browse, cast: Cast) -> None:
    typed = {"email": "ana@north.example", "first_name": "Åsa", "zone": "Mars/Olympus", "role": "user"}
    answer = browse(cast.cleo).post("/users", typed)
    assert answer.status_code == 422
    assert "There is a user ana@north.example already." in answer.text and "Choose a time zone" in answer.text
    assert 'value="Åsa"' in answer.text and 'value="Mars/Olympus"' in answer.text


def test_a_team_administrator_adds_to_the_own_team_and_makes_no_administrator(
    browse: Browse, work: Work, cast: Cast, tessa: User
) -> None:
    browser = browse(tessa)
    assert browser.post("/users", {"email": "e@x.example", "team": "South"}).status_code == 403
    assert browser.post("/users", {"email": "e@x.example", "role": "administrator"}).status_code == 403
    assert browser.post("/users", {"email": "e@x.example"}).status_code == 200
    assert browser.post(f"/users/{cast.cleo.id}/rights", {"role": "user"}).status_code == 403


def test_role_and_rights_are_given_and_taken(browse: Browse, work: Work, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    cleo.post(f"/users/{cast.ana.id}/rights", {"role": "team_administrator", "can_start": "1"})
    ana = user(work, cast.ana.id)
    assert (ana.role, ana.can_start, ana.can_prepare) == (Role.TEAM_ADMINISTRATOR, True, False)
    cleo.post(f"/users/{cast.ana.id}/rights", {"role": "user"})
    assert not user(work, cast.ana.id).can_start
    assert cleo.post(f"/users/{cast.ana.id}/rights", {"role": "emperor"}).status_code == 422


def test_nobody_changes_the_own_rights(browse: Browse, cast: Cast) -> None:
    for what in ("rights", "deactivate", "link"):
        answer = browse(cast.cleo).post(f"/users/{cast.cleo.id}/{what}", {"role": "user"})
        assert answer.status_code == 403 and "Nobody changes the own rights" in answer.text


def test_deactivating_signs_out_holds_the_people_under_way_and_can_be_undone(
    app: Flask, browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    assert cleo.post(f"/users/{cast.ana.id}/deactivate").status_code == 303
    assert "1 person is held in campaigns." in cleo.get("/users").text
    assert ana.get("/people").status_code == 303, "signed out"
    with work() as uow:
        enrollment = uow.session.scalars(sa.select(Enrollment)).one()
        assert (enrollment.state, enrollment.why) == ("held", "its sender was deactivated")
        assert uow.session.get_one(Hold, ("enrollment", enrollment.id)).stopped
    assert cleo.post(f"/users/{cast.ana.id}/link").status_code == 409
    assert cleo.post(f"/users/{cast.ana.id}/activate").status_code == 303
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.state)).one() == "active"
        assert not uow.session.get_one(Hold, ("enrollment", enrollment.id)).stopped
        assert uow.session.scalars(sa.select(Message.state)).one() == "pending"


def test_an_administrator_lets_a_stopped_mailbox_send_again_when_the_server_takes_it(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with Sink() as sink, work() as uow:
        stopped = {"state": "stopped", "trouble": "550 policy", "port": sink.port}
        uow.session.execute(sa.update(Mailbox).where(Mailbox.id == cast.ana_box.id).values(stopped))
        uow.session.commit()
        assert browse(cast.cleo).post(f"/users/{cast.ana.id}/mailbox").status_code == 303
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).state == "connected"
    answer = browse(cast.cleo).post(f"/users/{cast.ana.id}/mailbox")
    assert answer.status_code == 502 and "cannot be reached" in answer.text


def test_the_number_of_queries_does_not_grow_with_the_users(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    cleo, counts = browse(cast.cleo), []
    for number in (5, 50):
        with work() as uow:
            for n in range(number):
                one = add_user(uow, email=f"u{number}-{n}@north.example", team="North")
                start_session(uow.session, one)
        with queries() as seen:
            cleo.get("/users")
        counts.append(len(seen))
    assert counts[0] == counts[1]
