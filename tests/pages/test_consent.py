"""Connecting a mailbox by consent: asked of the rep, answered once, for the expected address, with clear words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import ConsentAsked, Grant, Inbox, Mailbox, MailboxState, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.activity import Activity
from sales_campaigns.clock import machine_now
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.sink import Sink
from tests.stand_ins.google import API, Google
from tests.stand_ins.serving import Act, times
from tests.stand_ins.worlds import world_with

Browse = Callable[[User], Browser]
CLEO = "cleo@north.example"
# What differs between the databases is asked in tests/topics/test_authorising.py.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_with(google) as world:
        yield world


def asked(browser: Browser, address: str = CLEO) -> str:
    """Where the rep is led."""
    answer = browser.post("/mailbox/consent/gmail", {"consent_address": address})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text.partition("0;url=")[2].partition('"')[0])


def answered(where: str) -> str:
    """The rep says yes, or no, at Google; where Google sends the browser back to."""
    led = requests.get(where, allow_redirects=False, timeout=5).headers["Location"]
    return led.removeprefix("http://localhost")


def connected(browser: Browser, address: str = CLEO) -> str:
    """All of it; what the last page says."""
    answer = browser.get(answered(asked(browser, address)))
    return unescape(answer.text if answer.status_code != 303 else browser.get("/mailbox").text)


def box(work: Work, user: User) -> Mailbox:
    with work() as uow:
        found = uow.session.scalars(sa.select(Mailbox).where(Mailbox.user_id == user.id)).one()
        assert found.grant is None or found.grant.scopes
        return found


def nothing_is_connected(work: Work) -> bool:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count()).select_from(Grant)) == 0


def test_a_rep_connects_a_mailbox_and_no_token_is_kept_in_the_open(
    browse: Browse, work: Work, cast: Cast, google: Google, settings: Settings
) -> None:
    shown = connected(browse(cast.cleo))
    assert f"{CLEO} is connected by Gmail." in shown and "Everything allowed" in shown
    assert "Of 6,000 units a minute a mail takes 130" in shown
    found = box(work, cast.cleo)
    assert (found.provider, found.address, found.state) == ("gmail", CLEO, MailboxState.CONNECTED)
    with work() as uow:
        grant = uow.session.get_one(Grant, found.id)
        token = Seal(settings.secret_key).open(grant.sealed_access)
        assert google.tokens.holder(token) is not None and token not in grant.sealed_access
        assert uow.session.get_one(Inbox, found.id).host == "", "and it is read"


def test_the_question_carries_pkce_state_and_the_expected_address(browse: Browse, cast: Cast) -> None:
    """The rule: code + PKCE + state, access_type=offline (spec/5)."""
    query = parse_qs(urlsplit(asked(browse(cast.cleo))).query)
    assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
    assert query["access_type"] == ["offline"] and query["login_hint"] == [CLEO]
    assert {f"{API}gmail.compose", f"{API}gmail.readonly"} <= set(query["scope"][0].split())


def test_consent_refused_changes_nothing_and_says_so(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.declines = True
    assert "You did not give your permission, so nothing was connected." in connected(browse(cast.cleo))
    assert nothing_is_connected(work)


def test_a_state_counts_once(browse: Browse, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    way_back = answered(asked(cleo))
    assert cleo.get(way_back).status_code == 303
    again = cleo.get(way_back)
    assert again.status_code == 422 and "This answer was used already" in again.text


def test_a_state_counts_for_the_sign_in_that_asked(browse: Browse, work: Work, cast: Cast) -> None:
    way_back = answered(asked(browse(cast.cleo)))
    for other in (browse(cast.ben), browse(cast.cleo)):  # somebody else, and the same user on another device
        answer = other.get(way_back)
        assert answer.status_code == 422 and "belongs to no question" in answer.text
    assert nothing_is_connected(work)


def test_a_state_expires(browse: Browse, work: Work, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    way_back = answered(asked(cleo))
    with work() as uow:
        uow.session.execute(sa.update(ConsentAsked).values(expires_at=machine_now() - timedelta(seconds=1)))
    assert "longer than ten minutes" in cleo.get(way_back).text
    assert nothing_is_connected(work)


def test_an_answer_of_another_issuer_is_refused(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    """The rule: the issuer of the answer is checked (RFC 9207)."""
    cleo = browse(cast.cleo)
    way_back = answered(asked(cleo)).replace(google.address, "https://evil.example")
    assert "does not come from Gmail" in unescape(cleo.get(way_back).text)
    assert nothing_is_connected(work)


def test_another_persons_account_is_not_connected(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    """The rule: the account must be the expected one."""
    google.chosen = "someone.else@gmail.com"
    shown = connected(browse(cast.cleo))
    assert f"That was the permission of someone.else@gmail.com, and {CLEO} was asked for." in shown
    assert nothing_is_connected(work)


def test_a_clock_that_is_five_minutes_off_is_said(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.tokens.seconds_off = google.seconds_off = 300
    assert "The clock of this machine is 5 minutes slow." in connected(browse(cast.cleo))
    assert nothing_is_connected(work)


def test_an_address_that_is_none_stays_with_its_words(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.cleo).post("/mailbox/consent/gmail", {"consent_address": "cleo at north"})
    assert answer.status_code == 422 and 'value="cleo at north"' in answer.text
    assert "is not an e-mail address" in unescape(answer.text)


def test_an_address_of_a_colleague_is_refused(browse: Browse, work: Work, cast: Cast) -> None:
    shown = connected(browse(cast.cleo), "ana@north.example")
    assert "Somebody else sends from this address already." in shown and nothing_is_connected(work)


def test_the_provider_that_gives_no_answer_connects_nothing(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.obey(times(1, Act.DROP_BEFORE, "token"))
    assert "gave no answer" in connected(browse(cast.cleo)) and nothing_is_connected(work)


def test_sending_alone_is_a_reduced_mode_that_says_what_it_cannot_do(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    """The rule: `gmail.send` alone is a reduced mode that says what it cannot do (spec/5)."""
    google.allows = ("openid", "email", f"{API}gmail.send")
    shown = connected(browse(cast.cleo))
    assert "Reduced" in shown and "No drafts are made." in shown and "Not read" in shown
    assert "campaigns go on after an answer" in shown
    assert browse(cast.cleo).post("/mailbox/check").status_code == 303


def test_without_leave_to_send_nothing_is_connected(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    google.allows = ("openid", "email", f"{API}gmail.readonly")
    assert "You did not allow sending." in connected(browse(cast.cleo)) and nothing_is_connected(work)


def test_the_check_asks_google(browse: Browse, cast: Cast, google: Google) -> None:
    cleo = browse(cast.cleo)
    connected(cleo)
    assert cleo.post("/mailbox/check").status_code == 303 and google.heard[-1] == "get_profile"
    google.tokens.revoke(CLEO)
    answer = cleo.post("/mailbox/check")
    assert answer.status_code == 422
    assert "Token has been expired or revoked. Connect the mailbox again." in answer.text
    assert "Gmail lets us in no longer, so all mail from here waits." in answer.text


def test_lost_and_connected_again_it_goes_on(browse: Browse, work: Work, cast: Cast, google: Google) -> None:
    cleo = browse(cast.cleo)
    connected(cleo)
    google.tokens.revoke(CLEO)
    cleo.post("/mailbox/check"), cleo.post("/mailbox/check")
    with work() as uow:
        lost = sa.select(sa.func.count()).where(Activity.kind == "mailbox.lost")
        assert uow.session.scalar(lost) == 1, "told once"
    assert "is connected by Gmail" in connected(cleo)
    assert box(work, cast.cleo).state is MailboxState.CONNECTED


def test_a_mailbox_with_a_password_becomes_one_by_consent_and_back(
    browse: Browse, work: Work, cast: Cast, google: Google
) -> None:
    ana = browse(cast.ana)
    connected(ana, "ana@north.example")
    assert box(work, cast.ana).id == cast.ana_box.id and box(work, cast.ana).provider == "gmail"
    with Sink() as sink:
        typed = {
            "address": "ana@north.example",
            "host": "127.0.0.1",
            "port": str(sink.port),
            "security": "none",
        }
        assert ana.post("/mailbox", typed).status_code == 303
    assert box(work, cast.ana).provider == "smtp" and nothing_is_connected(work)


def test_without_settings_there_is_no_such_way(browse: Browse, cast: Cast) -> None:
    assert browse(cast.cleo).post("/mailbox/consent/outlook", {"consent_address": CLEO}).status_code == 404


def test_the_command_asks_every_mailbox_and_says_what_to_fix(
    browse: Browse, app: Flask, work: Work, cast: Cast, google: Google
) -> None:
    connected(browse(cast.ana), "ana@north.example")
    runner = app.test_cli_runner()
    good = runner.invoke(args=["mailbox", "check", "ana@north.example", "--json"])
    assert good.exit_code == 0 and json.loads(good.stdout) == [
        {"address": "ana@north.example", "trouble": ""}
    ]
    google.tokens.revoke("ana@north.example")
    bad = runner.invoke(args=["mailbox", "check", "ana@north.example"])
    assert bad.exit_code == 1
    assert bad.stdout.strip() == (
        "ana@north.example  Google said: Token has been expired or revoked. Connect the mailbox again."
    )
    assert runner.invoke(args=["mailbox", "check", "nobody@north.example"]).exit_code == 1


def test_a_mailbox_by_consent_is_no_relay(browse: Browse, work: Work, cast: Cast, google: Google) -> None:
    cleo = browse(cast.cleo)
    connected(cleo)
    assert "This is a relay for many mails" not in cleo.get("/mailbox").text
    answer = cleo.post("/mailbox/pace", {"per_minute": "", "bulk_lane": "1"})
    assert answer.status_code == 422 and "one mail after the other" in answer.text
    assert not box(work, cast.cleo).bulk_lane
