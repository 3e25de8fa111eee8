"""Mailboxes for all: the key of the organisation is laid down, connects those who are chosen, and is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Engine

from integrations.directory import outside_as_set
from sales_campaigns.accounts.models import DelegationKey, Grant, Mailbox, MailboxState, User
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.stand_ins.google import Google
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_oauth import APPLICATION, TENANT
from tests.stand_ins.worlds import service_key, settings_of, world_with
from web.request_scope import open_house

Browse = Callable[[User], Browser]
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_with(google) as world:
        yield world


@pytest.fixture
def cleo(browse: Browse, cast: Cast) -> Browser:
    """An administrator, with the key of the organisation laid down."""
    browser = browse(cast.cleo)
    assert browser.post("/admin/mailboxes/gmail/key", {"key": service_key()}).status_code == 303
    return browser


def connect(browser: Browser, *users: User) -> str:
    answer = browser.post("/admin/mailboxes/gmail/connect", {"user": [user.id for user in users]})
    return unescape(answer.text if answer.status_code != 303 else browser.get("/admin/mailboxes").text)


def granted(work: Work) -> set[str]:
    with work() as uow:
        rows = sa.select(Mailbox.address).join(Grant, Grant.mailbox_id == Mailbox.id).where(Grant.delegated)
        return set(uow.session.scalars(rows))


def test_the_key_is_kept_sealed_and_never_shown(cleo: Browser, work: Work) -> None:
    shown = cleo.get("/admin/mailboxes").text
    assert "robot@project.iam.gserviceaccount.com" in shown and "PRIVATE KEY" not in shown
    with work() as uow:
        assert "PRIVATE" not in uow.session.get_one(DelegationKey, "gmail").sealed_key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nonsense",
        "{}",
        "[]",
        '{"client_email": 1, "private_key": 2}',
        '{"client_email": "a", "private_key": "b"}',
    ],
)
def test_what_is_no_key_is_refused_beside_its_field(browse: Browse, cast: Cast, key: str) -> None:
    answer = browse(cast.cleo).post("/admin/mailboxes/gmail/key", {"key": key})
    assert answer.status_code == 422 and "This is not the key of a service account" in answer.text


def test_those_who_are_chosen_are_connected_without_doing_anything(
    cleo: Browser, browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.tokens.delegated = {"ana@north.example", "cleo@north.example"}
    assert "2 mailboxes are connected by Gmail." in connect(cleo, cast.ana, cast.cleo)
    assert granted(work) == {"ana@north.example", "cleo@north.example"}
    shown = browse(cast.ana).get("/mailbox").text
    assert "Your administrator connected this mailbox for you" in shown
    assert browse(cast.ana).post("/mailbox/check").status_code == 303


def test_who_is_not_let_in_is_named_with_what_to_do(
    cleo: Browser, work: Work, cast: Cast, google: Google
) -> None:
    google.tokens.delegated = {"ana@north.example"}
    shown = connect(cleo, cast.ana, cast.ben)
    assert "1 mailbox was connected. Not these:" in shown
    assert "ben@north.example: Google said: Client is unauthorized" in shown
    assert "Admin console, Security, API controls, Domain-wide delegation" in shown
    assert granted(work) == {"ana@north.example"}


def test_a_clock_that_is_off_is_said(cleo: Browser, cast: Cast, google: Google) -> None:
    google.tokens.delegated, google.tokens.seconds_off = {"ana@north.example"}, 300
    google.seconds_off = 300
    assert "The clock of this machine is 5 minutes slow" in connect(cleo, cast.ana)


def test_its_tokens_are_renewed_by_the_key(
    cleo: Browser, browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.tokens.delegated = {"ana@north.example"}
    connect(cleo, cast.ana)
    google.tokens.expire()
    with work() as uow:
        uow.session.execute(sa.update(Grant).values(expires_at=machine_now() - timedelta(seconds=1)))
    assert browse(cast.ana).post("/mailbox/check").status_code == 303


def test_without_the_key_the_mailboxes_wait(
    cleo: Browser, browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.tokens.delegated = {"ana@north.example"}
    connect(cleo, cast.ana)
    assert "Take the key away: 1 mailbox waits" in cleo.get("/admin/mailboxes").text
    assert cleo.post("/admin/mailboxes/gmail/key/take-away").status_code == 303
    google.tokens.expire()
    assert "The key of the organisation was taken away." in browse(cast.ana).post("/mailbox/check").text
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).state is MailboxState.NEEDS_RECONNECT


def test_nobody_chosen_is_said(cleo: Browser) -> None:
    assert "Choose at least one user." in connect(cleo)


def test_only_administrators_come_near_it(browse: Browse, cast: Cast) -> None:
    assert browse(cast.ana).get("/admin/mailboxes").status_code == 403
    assert browse(cast.ana).post("/admin/mailboxes/gmail/key", {"key": service_key()}).status_code == 403


KEY = " ".join(APPLICATION)


@pytest.fixture
def organisation(
    app: Flask, settings: Settings, engine: Engine, clock: VirtualClock, microsoft: Microsoft
) -> Iterator[OutsideWorld]:
    """An installation of one tenant at Microsoft."""
    known = settings_of(microsoft) | {"microsoft_tenant": TENANT}
    world = outside_as_set(Settings(secret_key=settings.secret_key, data_dir=settings.data_dir, **known))
    app.extensions["house"] = open_house(settings, engine, world, clock, None)
    yield world


def test_an_application_of_microsofts_opens_the_mailboxes_that_exchange_names(
    organisation: OutsideWorld, browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    """The rule: Graph application permission limited to named mailboxes (spec/5)."""
    cleo = browse(cast.cleo)
    for wrong in ("only-one-word", "too many words"):
        refused = cleo.post("/admin/mailboxes/outlook/key", {"key": wrong})
        assert refused.status_code == 422 and "This is not a key" in refused.text
    assert cleo.post("/admin/mailboxes/outlook/key", {"key": KEY}).status_code == 303
    shown = cleo.get("/admin/mailboxes").text
    assert APPLICATION[0] in shown and APPLICATION[1] not in shown
    microsoft.tokens.delegated = {"ana@north.example"}
    users = {"user": [cast.ana.id, cast.ben.id]}
    answer = unescape(cleo.post("/admin/mailboxes/outlook/connect", users).text)
    assert "1 mailbox was connected. Not these:" in answer and "ben@north.example: Outlook said" in answer
    assert "name it in the scope of the application there" in answer
    assert granted(work) == {"ana@north.example"}
    assert browse(cast.ana).post("/mailbox/check").status_code == 303


def test_a_wrong_secret_of_the_application_is_said(
    organisation: OutsideWorld, browse: Browse, cast: Cast
) -> None:
    cleo = browse(cast.cleo)
    cleo.post("/admin/mailboxes/outlook/key", {"key": "6f1c1c1e another"})
    answer = cleo.post("/admin/mailboxes/outlook/connect", {"user": [cast.ana.id]})
    assert "The secret in this key is wrong" in unescape(answer.text)
