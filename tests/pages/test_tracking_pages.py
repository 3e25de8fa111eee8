"""What a mail asks of us, without a sign-in: pixel, links, mirror page, unsubscribing; and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import Team, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.letters.marking import Outward
from sales_campaigns.messages.letters.tokens import token_of
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person, SubscriptionChange
from sales_campaigns.settings import Settings
from sales_campaigns.tracking.models import TrackingEvent
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.sink import Sink
from tests.topics.test_tracking import AGENT, KEY, sent

Browse = Callable[[User], Browser]


@pytest.fixture
def mail(work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, settings: Settings) -> int:
    """A mail that left five minutes ago."""
    assert settings.secret_key == KEY
    [id] = sent(work, cast, replace(room, outward=Outward("https://go.example", KEY)))
    clock.forward(timedelta(minutes=5))
    return id


@pytest.fixture
def token(mail: int) -> str:
    return token_of(mail, KEY)


def noticed(work: Work) -> list[tuple[str, int | None, str]]:
    with work() as uow:
        rows = uow.session.scalars(sa.select(TrackingEvent).order_by(TrackingEvent.id))
        return [(row.kind.value, row.link, row.machine) for row in rows]


def opted_out(work: Work) -> bool:
    with work() as uow:
        return uow.session.scalar(sa.select(Address.id).where(Address.opted_out_at.is_not(None))) is not None


def ask(app: Flask, path: str, method: str = "GET", agent: str = AGENT, **more: object) -> tuple[int, object]:
    answer = app.test_client().open(path, method=method, headers={"User-Agent": agent}, **more)  # type: ignore[arg-type]
    return answer.status_code, answer


def test_the_pixel_is_one_dot_and_one_event(app: Flask, work: Work, token: str) -> None:
    answer = app.test_client().get(f"/t/o/{token}.gif", headers={"User-Agent": AGENT})
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200, "image/gif", "no-store",
    )  # fmt: skip
    assert noticed(work) == [("open", None, "")]


def test_a_link_redirects_by_its_place_only(app: Flask, work: Work, token: str) -> None:
    answer = app.test_client().get(f"/t/c/{token}/2?u=https://evil.example", headers={"User-Agent": AGENT})
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://north.example/b?x=1&y=2")
    assert ask(app, f"/t/c/{token}/3")[0] == 404
    assert noticed(work) == [("click", 2, "")]


def test_who_only_asks_and_who_is_signed_in_with_us_is_not_counted(
    app: Flask, browse: Browse, cast: Cast, work: Work, token: str
) -> None:
    assert ask(app, f"/t/o/{token}.gif", "HEAD")[0] == 200
    browse(cast.ana).get(f"/t/c/{token}/1")
    assert noticed(work) == [("open", None, "only asked"), ("click", 1, "own view")]


@pytest.mark.parametrize("path", ["/t/o/{}.gif", "/t/c/{}/1", "/m/{}", "/u/{}"])
def test_a_token_that_we_have_not_signed_is_not_found(app: Flask, work: Work, mail: int, path: str) -> None:
    for token in ("x", token_of(mail, "another key"), token_of(mail, KEY)[:-1]):
        assert ask(app, path.format(token))[0] == 404
    assert noticed(work) == []


def test_the_mirror_page_shows_the_mail_in_a_sandbox(app: Flask, work: Work, token: str) -> None:
    answer = app.test_client().get(f"/m/{token}", headers={"User-Agent": AGENT})
    assert answer.status_code == 200 and "Hello Maria" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ") and "default-src 'none'" in policy and "allow-scripts" not in policy
    assert ' src="http' not in answer.text  # the pixel of its own is not asked for
    assert noticed(work) == [("mirror", None, "")]


def test_a_get_never_unsubscribes(app: Flask, work: Work, token: str) -> None:
    """The rule: one-click works by POST without cookies, never by GET."""
    status, answer = ask(app, f"/u/{token}")
    assert status == 200 and "What do you want to leave?" in answer.text  # type: ignore[attr-defined]
    assert "maria@" not in answer.text  # type: ignore[attr-defined]
    assert ask(app, f"/u/{token}", "HEAD")[0] == 200
    assert not opted_out(work)


def test_one_click_unsubscribes_without_cookies_and_again(app: Flask, work: Work, token: str) -> None:
    for _ in range(2):
        status, answer = ask(app, f"/u/{token}", "POST", data={"List-Unsubscribe": "One-Click"})
        assert status == 200 and "You are unsubscribed" in answer.text  # type: ignore[attr-defined]
    assert opted_out(work)
    with work() as uow:
        assert uow.session.scalars(sa.select(SubscriptionChange.source)).all() == ["link"]


def test_what_and_why_are_kept_and_the_history_names_the_source(
    app: Flask, browse: Browse, cast: Cast, work: Work, token: str
) -> None:
    typed = {"what": "all", "why": "I am the wrong person", "words": "Ask Nils"}
    assert ask(app, f"/u/{token}", "POST", data=typed)[0] == 200
    with work() as uow:
        reason = uow.session.scalars(sa.select(SubscriptionChange.reason)).one()
        person = uow.session.scalars(sa.select(Person.id)).one()
    assert reason == "I am the wrong person: Ask Nils"
    shown = browse(cast.ana).get(f"/people/{person}").text
    assert "by the link of a mail: I am the wrong person: Ask Nils" in shown


def test_leaving_the_series_offers_the_rest(app: Flask, work: Work, token: str) -> None:
    status, answer = ask(app, f"/u/{token}", "POST", data={"what": "campaign"})
    assert status == 200 and "Unsubscribe from all of it" in answer.text  # type: ignore[attr-defined]
    assert not opted_out(work)


def test_the_dashboard_the_log_and_the_files_tell_of_it(
    app: Flask, browse: Browse, cast: Cast, work: Work, mail: int, token: str
) -> None:
    ask(app, f"/t/c/{token}/1")
    ask(app, f"/t/o/{token}.gif", agent="Mozilla/5.0")
    with work() as uow:
        delivery = uow.session.get_one(Message, mail).delivery_id
    ana = browse(cast.ana)
    assert "+ 1 machine open, not counted" in ana.get(f"/deliveries/{delivery}").text
    shown = ana.get(f"/deliveries/{delivery}/tracking").text
    assert "https://north.example/a" in shown and "not counted: mail privacy" in shown
    assert "mail privacy" not in ana.get(f"/deliveries/{delivery}/tracking?kind=click").text
    file = ana.get(f"/deliveries/{delivery}/tracking.csv").text.splitlines()
    assert len(file) == 3 and "https://north.example/a" in file[2]
    urls = ana.get(f"/deliveries/{delivery}/urls.csv").text.splitlines()
    assert urls[1:] == ["https://north.example/a,1,1,0", "https://north.example/b?x=1&y=2,0,0,0"]


def test_an_administrator_writes_what_stands_under_mails(browse: Browse, cast: Cast, work: Work) -> None:
    assert browse(cast.ana).get("/settings/unsubscribe").status_code == 403
    cleo = browse(cast.cleo)
    refused = cleo.post("/settings/unsubscribe", {"wanted": "1", "text": "No brackets"})
    assert refused.status_code == 422 and "No brackets" in refused.text and "in brackets" in refused.text
    assert (
        cleo.post("/settings/unsubscribe", {"text": "Enough? [Leave]", "mirror_link": "1"}).status_code == 303
    )
    with work() as uow:
        team = uow.session.get_one(Team, cast.cleo.team_id)
        assert (team.footer, team.unsubscribe_text, team.mirror_link) == (False, "Enough? [Leave]", True)
    assert "View in browser" in cleo.get("/settings/unsubscribe").text


def test_tracking_is_switched_off_for_one_person(browse: Browse, cast: Cast, work: Work, mail: int) -> None:
    with work() as uow:
        id = uow.session.scalars(sa.select(Person.id)).one()
    assert browse(cast.ana).post(f"/people/{id}/tracking", {"untracked": "1"}).status_code == 303
    assert "Notice them again" in browse(cast.ana).get(f"/people/{id}").text
