"""Disconnecting a mailbox by consent: nothing of the permission is kept, its mail waits, and connecting undoes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Grant, Inbox, Mailbox, MailboxState, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.activity import Activity
from sales_campaigns.ports import OutsideWorld
from tests.api.conftest import Program, a_token
from tests.cast import Cast
from tests.channels import a_channel, sends_through
from tests.conftest import Work
from tests.outgoing import due_mails
from tests.pages.conftest import Browser
from tests.stand_ins.serving import Act
from tests.stand_ins.vendors import Vendor
from tests.stand_ins.worlds import world_with

Browse = Callable[[User], Browser]
SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"
EACH = [("sqlite", "gmail"), ("sqlite", "outlook")]
each = pytest.mark.parametrize(("engine", "vendor"), EACH, indirect=True)
by_gmail = pytest.mark.parametrize(("engine", "vendor"), EACH[:1], indirect=True)
TOLD = {
    "gmail": "Gmail has the permission back.",
    "outlook": "Outlook takes no permission back from us: take it away in your account there.",
}


@pytest.fixture
def outside(vendor: Vendor) -> Iterator[OutsideWorld]:
    with world_with(vendor.server) as world:
        yield world


@pytest.fixture(autouse=True)
def granted(work: Work, cast: Cast, vendor: Vendor) -> None:
    """Ana's mailbox is connected by consent."""
    with work() as uow:
        keep_grant(uow, cast.ana, vendor.name, vendor.granted(ANA), SEAL, reads=True)


def box(work: Work, cast: Cast) -> Mailbox:
    with work() as uow:
        return uow.session.get_one(Mailbox, cast.ana_box.id)


def kept(work: Work) -> list[int]:
    """How many permissions and read mailboxes there are, and how often a mailbox was told to be lost."""
    lost = sa.select(sa.func.count()).where(Activity.kind == "mailbox.lost")
    with work() as uow:
        counts = [sa.select(sa.func.count()).select_from(row) for row in (Grant, Inbox)]
        return [uow.session.scalar(one) or 0 for one in (*counts, lost)]


@each
def test_its_permission_is_forgotten_and_given_back_where_the_provider_takes_it(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    """The rule: sender's mailbox disconnected: held, with an alert."""
    due_mails(work, cast, "maria@example.com", "noor@example.com")
    ana, label = browse(cast.ana), vendor.name.title()
    assert f"Disconnect {label}: 2 mails wait" in ana.get("/mailbox").text
    assert ana.post("/mailbox/consent/end").status_code == 303
    shown = unescape(ana.get("/mailbox").text)
    assert f"{ANA} is disconnected, and mail from it waits. {TOLD[vendor.name]}" in shown
    assert f"{label} is disconnected, so all mail from here waits." in shown
    assert "Ana Lind disconnected it." in shown
    assert (f"Connect again by {label}" in shown) and f'value="{ANA}"' in shown
    assert ("revoke" in vendor.server.heard) is (vendor.name == "gmail")
    assert box(work, cast).state is MailboxState.NEEDS_RECONNECT and kept(work) == [0, 0, 1]


@each
def test_without_a_permission_no_check_connects_it(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    ana = browse(cast.ana)
    ana.post("/mailbox/consent/end")
    refused = ana.post("/mailbox/check")
    assert refused.status_code == 422 and "This mailbox is not connected any more." in refused.text
    assert ana.post("/mailbox/consent/end").status_code == 404
    assert box(work, cast).state is MailboxState.NEEDS_RECONNECT and kept(work) == [0, 0, 1]


@each
def test_connecting_it_again_undoes_it(browse: Browse, work: Work, cast: Cast, vendor: Vendor) -> None:
    browse(cast.ana).post("/mailbox/consent/end")
    with work() as uow:
        consented_and_go_on(uow, cast.ana, cast.ana, vendor.name, vendor.granted(ANA), SEAL, reads=True)
    assert box(work, cast).state is MailboxState.CONNECTED and kept(work) == [1, 1, 1]


@by_gmail
def test_a_provider_that_gives_no_answer_keeps_nothing_connected(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    vendor.server.obey(lambda name, _: Act.DROP_BEFORE if name == "revoke" else None)
    ana = browse(cast.ana)
    ana.post("/mailbox/consent/end")
    assert (
        "Gmail did not take the permission back: take it away in your account there."
        in ana.get("/mailbox").text
    )
    assert kept(work) == [0, 0, 1]


@by_gmail
def test_what_was_lost_before_is_disconnected_without_a_second_notice(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    """A permission that is over already is no error, and its mail waits since then."""
    vendor.server.tokens.revoke(ANA)
    ana = browse(cast.ana)
    ana.post("/mailbox/check")
    since = box(work, cast).lost_at
    ana.post("/mailbox/consent/end")
    assert TOLD["gmail"] in ana.get("/mailbox").text
    assert box(work, cast).lost_at == since and kept(work) == [0, 0, 1]


@by_gmail
def test_one_that_the_organisation_opened_gives_nothing_back(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    with work() as uow:
        keep_grant(uow, cast.ana, "gmail", vendor.granted(ANA), SEAL, reads=True, delegated=True)
    ana = browse(cast.ana)
    ana.post("/mailbox/consent/end")
    assert "The key of the organisation opens it again" in ana.get("/mailbox").text
    assert "revoke" not in vendor.server.heard and kept(work) == [0, 0, 1]


@by_gmail
def test_one_that_sends_through_a_channel_sends_on(
    browse: Browse, work: Work, cast: Cast, vendor: Vendor
) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, a_channel(uow, cast.cleo))
    ana = browse(cast.ana)
    assert "Mail leaves through the channel as before, and replies are not read." in ana.get("/mailbox").text
    ana.post("/mailbox/consent/end")
    assert "Mail leaves through the channel as before; replies are not read." in ana.get("/mailbox").text
    assert box(work, cast).state is MailboxState.CONNECTED and kept(work) == [0, 0, 0]


@by_gmail
def test_its_owner_and_administrators_of_the_team_disconnect_it_by_program_and_command(
    app: Flask, work: Work, cast: Cast, vendor: Vendor
) -> None:
    run, asked = app.test_cli_runner().invoke, ["mailbox", "disconnect", ANA, "--json", "--user"]
    for other in (cast.ben, cast.dirk):
        assert run(args=[*asked, other.email]).exit_code == 1 and kept(work) == [1, 1, 0]
    done = run(args=[*asked, cast.cleo.email])
    told = {"address": ANA, "sends_on": False, "words": TOLD["gmail"]}
    assert done.exit_code == 0 and json.loads(done.stdout) == told
    assert box(work, cast).trouble == "Cleo Martin disconnected it." and kept(work) == [0, 0, 1]
    ana = Program(app.test_client(), a_token(work, cast.ana))
    assert ana.send("DELETE", "/mailboxes/mine/consent").status_code == 404
    with work() as uow:
        keep_grant(uow, cast.ana, "gmail", vendor.granted(ANA), SEAL, reads=True)
    answer = ana.send("DELETE", "/mailboxes/mine/consent")
    assert answer.status_code == 200 and TOLD["gmail"] in answer.json["words"] and kept(work) == [0, 0, 1]
