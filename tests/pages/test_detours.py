"""Another way for people of a campaign: the page that previews it, the launch that begins later, the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import in_force
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]
PAGE = "/campaigns/1/detour"


@pytest.fixture(autouse=True)
def keys(work: Work, cast: Cast) -> list[str]:
    """Two people in a campaign with a mail at ten, a call on day 2 and a follow-up on day 3; and a second campaign."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2), a_follow_up(uow, 3)]
        campaign = a_campaign(uow, cast.ana, steps)
        a_campaign(uow, cast.ana, [a_call(1, "Hello"), a_mail(uow, 2, at="09:00")], name="Winter")
        ids = [a_person(uow, cast.ana, f"p{n}@example.com", last_name=f"Nr {n}").id for n in range(2)]
        launch(uow, cast.ana, Order(campaign.id, ids))
        return [step.key for step in steps]


def enrollments(work: Work) -> list[Enrollment]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def test_the_bulk_bar_leads_to_the_page_and_the_page_asks_first(
    browse: Browse, work: Work, keys: list[str]
) -> None:
    ana = browse(browse_user(work))
    led = ana.post("/campaigns/1/people/bulk", {"do": "detour", "enrollment": ["1", "2"]})
    assert led.headers["Location"] == "/campaigns/1/detour?people=1,2"
    shown = text(ana.get(f"{PAGE}?people=1,2&do=jump&to={keys[2]}").text)
    assert "Maria Nr 0" in shown and "Mon 30 Nov 10:00" not in shown
    assert "Let 2 people jump" in shown and "goes out as a new thread" in shown
    assert [one.first_key for one in enrollments(work)] == ["", ""]


def said(page: str) -> str:
    """What was said so far on the way through the launch."""
    found = re.search(r'name="wish" value="([^"]+)"', page)
    assert found
    return found[1]


def browse_user(work: Work) -> User:
    with work() as uow:
        return uow.session.scalars(sa.select(User).where(User.first_name == "Ana")).one()


def test_a_jump_of_many_is_undone_from_its_notice(
    browse: Browse, work: Work, cast: Cast, keys: list[str]
) -> None:
    ana = browse(cast.ana)
    ana.post(PAGE, {"people": "1,2", "do": "jump", "to": keys[1]})
    assert [one.first_key for one in enrollments(work)] == [keys[1]] * 2
    shown = ana.get("/campaigns/1/people").text
    assert "2 people jumped." in shown and "/detours/" in shown
    undo = shown.split('action="/detours/')[1].split('"')[0]
    ana.post(f"/detours/{undo}")
    assert [one.first_key for one in enrollments(work)] == ["", ""]


def test_a_restart_and_a_move_say_how_many_and_when(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert "2 people of 2 begin again" in text(ana.get(f"{PAGE}?people=1,2&do=restart").text)
    moved = text(ana.get(f"{PAGE}?people=1&do=move&target=2").text)
    assert "Move 1 person" in moved and "1 person of 1 begins there" in moved
    ana.post(PAGE, {"people": "1", "do": "move", "target": "2"})
    old, _, new = enrollments(work)
    assert (old.state.value, new.campaign_id) == ("ended", 2)
    assert f"/enrollments/{new.id}" in ana.get(f"/enrollments/{old.id}").text
    assert f"/enrollments/{old.id}" in ana.get(f"/enrollments/{new.id}").text


def test_what_cannot_be_is_said_beside_the_person_and_nothing_happens(
    browse: Browse, work: Work, cast: Cast, keys: list[str]
) -> None:
    ana = browse(cast.ana)
    shown = text(ana.get(f"{PAGE}?people=1&do=jump&to={keys[0]}").text)
    assert "Is at day 1, step 1 already." in shown and "Let 1" not in shown
    assert ana.post(PAGE, {"people": "1", "do": "move"}).status_code == 422
    assert ana.get(f"{PAGE}?people=").status_code == 303
    assert ana.get(f"{PAGE}?people=77").status_code == 422
    assert ana.get("/campaigns/1/detour?people=1&do=move&target=999").status_code == 404


def test_a_launch_begins_at_a_later_step_and_says_what_that_means(
    browse: Browse, work: Work, cast: Cast, keys: list[str]
) -> None:
    """The rule: a follow-up that begins becomes a new thread, and the page says so."""
    with work() as uow:
        third = a_person(uow, cast.ana, "third@example.com").id
    ana, url = browse(cast.ana), "/campaigns/1/launch"
    shown = ana.get(f"{url}?people={third}").text
    form = {"wish": said(shown), "at": "people", "to": "check", "first": keys[2]}
    check = ana.post(url, form).text
    assert "They start at day 3, step 1" in text(check) and "goes out as a new thread" in text(check)
    dates = ana.post(url, {"wish": said(check), "at": "check", "to": "confirm"}).text
    assert "Day 3, step 1" in dates and "Day 2, step 1" not in dates
    ana.post(url, {"wish": said(dates), "at": "confirm", "to": "start"})
    with work() as uow:
        mine = sa.select(StepRun).join(Enrollment).where(Enrollment.person_id == third)
        states = [run.state.value for run in uow.session.scalars(mine.order_by(StepRun.id))]
    assert states == ["skipped", "skipped", "scheduled"]


def command(app: Flask, *arguments: str) -> dict[str, object]:
    done = app.test_cli_runner().invoke(
        args=["campaign", *arguments, "--user", "ana@north.example", "--json"]
    )
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text("email\np0@example.com\nnew@example.com\n")
    return str(path)


def test_the_commands_say_what_would_happen_and_do_it_with_yes(app: Flask, work: Work, file: str) -> None:
    told = command(app, "jump", "Q4 outreach", "--people", file, "--to", "2.1")
    assert told["done"] == 0 and told["people"] == [
        {
            "person": "p0@example.com",
            "at": "2026-11-30T08:00:00+00:00",
            "words": "Mon 30 Nov 09:00 (Europe/Stockholm)",
        }
    ]
    assert command(app, "jump", "Q4 outreach", "--people", file, "--to", "2.1", "--yes")["done"] == 1
    assert command(app, "restart", "Q4 outreach", "--people", file, "--yes")["done"] == 1
    moved = command(
        app, "move", "Q4 outreach", "--to", "Winter", "--people", file, "--start-at", "2.1", "--yes"
    )
    assert (moved["starting"], moved["done"]) == (1, 1)
    assert [one.why.split(",")[0] for one in enrollments(work)] == ["restarted", "", "moved to Winter", ""]


def test_a_command_refuses_a_step_that_is_not_there(app: Flask, file: str) -> None:
    arguments = ["campaign", "jump", "Q4 outreach", "--user", "ana@north.example", "--people", file]
    nowhere = app.test_cli_runner().invoke(args=[*arguments, "--to", "9.9"])
    assert nowhere.exit_code == 1 and "no day 9, step 9" in nowhere.stderr
    assert app.test_cli_runner().invoke(args=[*arguments, "--to", "soon"]).exit_code == 2


def test_launch_by_command_starts_at_a_step(app: Flask, work: Work, cast: Cast, file: str) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "new@example.com")
    told = command(app, "launch", "Q4 outreach", "--people", file, "--start-at", "2.1", "--yes")
    assert told["to_deliver"] == 1
    with work() as uow:
        campaign = uow.session.get_one(Campaign, 1)
        key = in_force(uow.session, campaign).steps[1].key
    assert enrollments(work)[-1].first_key == key
