"""Channels: administrators keep them under Administration, reps verify an address and choose under Mailbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.channels.models import Channel, SenderIdentity
from sales_campaigns.accounts.channels.verifying import ask_code
from sales_campaigns.accounts.models import Mailbox, MailboxState, Role, User
from sales_campaigns.accounts.users import add_user
from tests.cast import Cast
from tests.channels import RELAY, a_channel, sends_through, verified
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.sink import Sink

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]
CODE = re.compile(rb"The code is ([A-Z2-9]{4}-[A-Z2-9]{4})\.")


@pytest.fixture
def relay() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def channel(work: Work, cast: Cast, relay: Sink) -> Channel:
    with work() as uow:
        return a_channel(uow, cast.cleo, relay.port)


@pytest.fixture
def eva(work: Work, cast: Cast) -> User:
    """Of Ana's team, without a mailbox of her own."""
    with work() as uow:
        return add_user(uow, email="eva@north.example", team="North", first_name="Eva")


def identity(work: Work) -> SenderIdentity:
    with work() as uow:
        return uow.session.scalars(sa.select(SenderIdentity)).one()


def mailed_code(relay: Sink) -> str:
    found = CODE.search(relay.caught[-1].raw)
    assert found is not None
    return found[1].decode()


def test_an_administrator_adds_a_channel_once_its_server_has_taken_the_sign_in(
    browse: Browse, cast: Cast, relay: Sink, work: Work
) -> None:
    cleo = browse(cast.cleo)
    assert "No channel yet" in cleo.get("/admin/channels").text
    refused = cleo.post("/admin/channels", {**RELAY, "port": "1"})
    assert refused.status_code == 422 and 'value="Office relay"' in refused.text, "nothing typed is lost"
    added = cleo.post("/admin/channels", {**RELAY, "port": str(relay.port), "per_minute": "60"})
    assert added.status_code == 303
    shown = cleo.get("/admin/channels").text
    assert "Office relay" in shown and "Sending" in shown
    assert not relay.caught, "no mail is sent"


def test_a_channel_of_another_team_is_not_found_and_a_rep_is_refused(
    browse: Browse, cast: Cast, channel: Channel, work: Work
) -> None:
    with work() as uow:
        uow.session.get_one(User, cast.dirk.id).role = Role.TEAM_ADMINISTRATOR
    dirk = browse(cast.dirk)
    assert "No channel yet" in dirk.get("/admin/channels").text
    for url in ("", "/check", "/take-away"):
        assert dirk.post(f"/admin/channels/{channel.id}{url}").status_code == 404
    assert dirk.get(f"/admin/channels/{channel.id}").status_code == 404
    assert (
        dirk.post("/mailbox/identities", {"channel_id": channel.id, "identity": "d@x.example"}).status_code
        == 404
    )
    assert browse(cast.ana).get("/admin/channels").status_code == 403


def test_a_rep_without_a_mailbox_verifies_an_address_and_sends(
    browse: Browse, channel: Channel, eva: User, relay: Sink, work: Work
) -> None:
    page = browse(eva)
    assert "Mail a code" in page.get("/mailbox").text
    asked = page.post("/mailbox/identities", {"channel_id": channel.id, "identity": eva.email})
    assert asked.status_code == 303
    [mail] = relay.caught
    assert (mail.sender, mail.recipients) == ("relay@north.example", ("eva@north.example",))
    one = identity(work)
    wrong = page.post(f"/mailbox/identities/{one.id}/confirm", {f"code_{one.id}": "WRONG-CODE"})
    assert wrong.status_code == 422 and 'value="WRONG-CODE"' in wrong.text and "not the code" in wrong.text
    assert identity(work).attempts == 1, "it is counted although it is refused"
    right = page.post(f"/mailbox/identities/{one.id}/confirm", {f"code_{one.id}": mailed_code(relay).lower()})
    assert right.status_code == 303
    shown = page.get("/mailbox").text
    assert "Mail leaves as eva@north.example" in shown and "are not read here" in shown
    with work() as uow:
        box = uow.session.scalars(sa.select(Mailbox).where(Mailbox.user_id == eva.id)).one()
        assert (box.state, box.identity_id) == (MailboxState.CONNECTED, one.id)


def test_another_code_is_refused_within_the_minute_and_the_page_says_why(
    browse: Browse, channel: Channel, eva: User, relay: Sink, work: Work
) -> None:
    page = browse(eva)
    page.post("/mailbox/identities", {"channel_id": channel.id, "identity": eva.email})
    again = page.post(f"/mailbox/identities/{identity(work).id}/code")
    assert again.status_code == 422 and "A code was mailed a moment ago" in again.text
    assert len(relay.caught) == 1


def test_a_relay_that_does_not_take_the_code_is_told(
    browse: Browse, channel: Channel, eva: User, relay: Sink
) -> None:
    relay.obey(lambda where, _: "550 5.7.1 not for you" if where == "RCPT" else None)
    refused = browse(eva).post("/mailbox/identities", {"channel_id": channel.id, "identity": eva.email})
    assert refused.status_code == 422 and "did not take the mail with the code" in refused.text


def test_no_code_is_mailed_while_all_sending_is_stopped(
    browse: Browse, cast: Cast, channel: Channel, eva: User, relay: Sink, work: Work
) -> None:
    assert browse(cast.cleo).post("/sending/stop").status_code == 303
    refused = browse(eva).post("/mailbox/identities", {"channel_id": channel.id, "identity": eva.email})
    assert refused.status_code == 409 and not relay.caught


def test_a_rep_with_a_mailbox_chooses_the_channel_and_the_own_server_again(
    browse: Browse, cast: Cast, channel: Channel, sink: Sink, work: Work
) -> None:
    with work() as uow:
        one = verified(uow, cast.ana, channel)
    ana = browse(cast.ana)
    assert ana.post(f"/mailbox/identities/{one.id}/use").status_code == 303
    assert "Send by my own server again" in ana.get("/mailbox").text
    checked = ana.post("/mailbox/check")
    assert checked.status_code == 422 and "is checked by an administrator" in checked.text
    assert ana.post("/mailbox/identities/own").status_code == 303
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).identity_id is None
    sink.close()
    ana.post(f"/mailbox/identities/{one.id}/use")
    assert ana.post("/mailbox/identities/own").status_code == 422, "it is asked before the channel is left"


def test_taking_a_channel_away_says_how_many_wait_and_checking_it_lets_them_go_on(
    browse: Browse, cast: Cast, channel: Channel, work: Work
) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, channel)
    cleo, url = browse(cast.cleo), f"/admin/channels/{channel.id}"
    assert "Take it away: 1 mailbox waits" in cleo.get(url).text
    assert cleo.post(f"{url}/take-away").status_code == 303
    assert "Check and use it again" in cleo.get(url).text
    assert "was taken away" in browse(cast.ana).get("/mailbox").text
    assert cleo.post(f"{url}/check").status_code == 303
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).state is MailboxState.CONNECTED


def test_the_stored_password_is_never_sent_to_another_server(
    browse: Browse, cast: Cast, channel: Channel, work: Work
) -> None:
    with work() as uow:
        uow.session.get_one(Channel, channel.id).sealed_secret = "sealed"
    moved = {**RELAY, "host": "localhost", "port": "25"}
    refused = browse(cast.cleo).post(f"/admin/channels/{channel.id}", moved)
    assert refused.status_code == 422 and "Type the password again" in refused.text


def test_an_administrator_lets_the_identity_of_a_rep_go(
    browse: Browse, cast: Cast, channel: Channel, work: Work
) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, channel)
    one = identity(work)
    gone = browse(cast.cleo).post(f"/mailbox/identities/{one.id}/let-go")
    assert gone.headers["Location"].endswith(f"/admin/channels/{channel.id}")
    assert "is no longer verified" in browse(cast.ana).get("/mailbox").text


def test_the_number_of_queries_does_not_grow_with_channels_and_identities(
    browse: Browse, cast: Cast, channel: Channel, work: Work, queries: Queries
) -> None:
    cleo = browse(cast.cleo)
    with queries() as few:
        cleo.get("/admin/channels")
    with work() as uow:
        for number in range(5):
            other = a_channel(uow, cast.cleo, name=f"Relay {number}")
            user = add_user(uow, email=f"rep{number}@north.example", team="North")
            ask_code(uow, user, other.id, user.email)
    with queries() as many:
        cleo.get("/admin/channels")
    assert len(many) == len(few)


def test_the_command_adds_lists_checks_and_takes_away(
    app: Flask, cast: Cast, relay: Sink, work: Work
) -> None:
    def ran(*words: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["channel", *words])
        return done.exit_code, done.stdout + done.stderr

    how = ["--host", "127.0.0.1", "--port", str(relay.port), "--security", "none"]
    code, said = ran("add", "Relay", "--by", "cleo@north.example", "--address", "relay@north.example", *how)
    assert code == 0 and "Relay" in said
    with work() as uow:
        channel = uow.session.scalars(sa.select(Channel)).one()
        sends_through(uow, cast.ana, channel)
    code, said = ran("list", "--json")
    [line] = json.loads(said)
    assert (line["name"], line["team"], line["identities"]) == ("Relay", "North", ["ana@north.example"])
    number = str(channel.id)
    assert ran("take-away", number, "--by", "ana@north.example")[0] == 1, "only administrators"
    assert ran("take-away", number, "--by", "cleo@north.example")[0] == 0
    assert ran("check", number, "--by", "cleo@north.example")[0] == 0
    relay.close()
    code, said = ran("check", number, "--by", "cleo@north.example")
    assert code == 1 and "Error:" in said
