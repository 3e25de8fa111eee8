"""Connecting a mailbox by Outlook: asked of the rep, redeemed by msal, and each way it can fail in clear words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa

from integrations.gmail import GoogleConsent
from integrations.gmail import Settings as GmailSettings
from integrations.outlook.answers import NO_MAILBOX
from sales_campaigns.accounts.models import Grant, Inbox, Mailbox, MailboxState, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.serving import Act, Fault, Reply, times
from tests.stand_ins.worlds import world_with

Browse = Callable[[User], Browser]
CLEO = "cleo@north.example"
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def outside(microsoft: Microsoft) -> Iterator[OutsideWorld]:
    """Gmail is offered beside it."""
    google = GoogleConsent(GmailSettings(client_id="of Google"))
    with world_with(microsoft) as world:
        yield replace(world, consents={"gmail": google, **world.consents})


def asked(browser: Browser, address: str = CLEO) -> str:
    """Where the rep is led."""
    answer = browser.post("/mailbox/consent/outlook", {"consent_address": address})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text.partition("0;url=")[2].partition('"')[0])


def answered(where: str, microsoft: Microsoft) -> str:
    """The rep says yes, or no, at Microsoft; where Microsoft sends the browser back to."""
    led = requests.get(where, allow_redirects=False, timeout=5, verify=microsoft.bundle)
    return led.headers["Location"].removeprefix("http://localhost")


def connected(browser: Browser, microsoft: Microsoft, address: str = CLEO) -> str:
    """All of it; what the last page says."""
    answer = browser.get(answered(asked(browser, address), microsoft))
    return unescape(answer.text if answer.status_code != 303 else browser.get("/mailbox").text)


def nothing_is_connected(work: Work) -> bool:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count()).select_from(Grant)) == 0


def test_a_rep_connects_a_mailbox_and_no_token_is_kept_in_the_open(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft, settings: Settings
) -> None:
    shown = connected(browse(cast.cleo), microsoft)
    assert f"{CLEO} is connected by Outlook." in shown and "Everything allowed" in shown
    assert "Outlook takes 30 mails a minute and 10,000 in 24 hours." in shown
    assert "Outlook does not take the header for one click (RFC 8058)" in shown
    with work() as uow:
        box = uow.session.scalars(sa.select(Mailbox).where(Mailbox.user_id == cast.cleo.id)).one()
        assert (box.provider, box.address, box.state) == ("outlook", CLEO, MailboxState.CONNECTED)
        grant = uow.session.get_one(Grant, box.id)
        token = Seal(settings.secret_key).open(grant.sealed_access)
        assert microsoft.tokens.holder(token) is not None and token not in grant.sealed_access
        assert uow.session.get_one(Inbox, box.id).host == "", "and it is read"


def test_the_question_carries_pkce_state_and_the_expected_address(browse: Browse, cast: Cast) -> None:
    """The rule: confidential client, auth code + PKCE, authority configurable (spec/5)."""
    where = urlsplit(asked(browse(cast.cleo)))
    query = parse_qs(where.query)
    assert where.path == "/organizations/oauth2/v2.0/authorize"
    assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
    assert query["login_hint"] == [CLEO] and query["state"]
    assert {"Mail.ReadWrite", "Mail.Send", "offline_access"} <= set(query["scope"][0].split())


NOES = [
    ("access_denied", "AADSTS65004: User declined to consent.", "You did not give your permission"),
    (
        "access_denied",
        "AADSTS90094: Admin consent is required.",
        "An administrator of your organisation must let",
    ),
    ("access_denied", "AADSTS50105: Not assigned to a role.", "has not given you this application yet"),
    ("invalid_request", "AADSTS50020: Not of this tenant.", "This application is for another organisation"),
    ("server_error", "AADSTS90033: Try again later.", "Outlook did not connect it: AADSTS90033"),
]


@pytest.mark.parametrize(("error", "words", "told"), NOES, ids=[one[1].partition(":")[0] for one in NOES])
def test_each_no_has_its_own_words(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft, error: str, words: str, told: str
) -> None:
    microsoft.declines, microsoft.no = True, (error, words)
    assert told in connected(browse(cast.cleo), microsoft) and nothing_is_connected(work)


def test_a_state_counts_once(browse: Browse, cast: Cast, microsoft: Microsoft) -> None:
    cleo = browse(cast.cleo)
    way_back = answered(asked(cleo), microsoft)
    assert cleo.get(way_back).status_code == 303
    assert "This answer was used already" in cleo.get(way_back).text


def test_another_persons_account_is_not_connected(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    """The rule: the account must be the expected one. Whose it is, the mailbox says, and not the sign-in name."""
    microsoft.chosen = "someone.else@south.example"
    shown = connected(browse(cast.cleo), microsoft)
    assert f"That was the permission of someone.else@south.example, and {CLEO} was asked for." in shown
    assert nothing_is_connected(work)


def test_an_identity_that_answers_another_question_is_refused(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    """Code and identity token belong to one question: its nonce is made from what only we know of it."""
    cleo = browse(cast.cleo)
    way_back = answered(asked(cleo), microsoft)
    microsoft.tokens.nonces = dict.fromkeys(microsoft.tokens.nonces, "of another question")
    assert "Microsoft answered somebody else's question." in unescape(cleo.get(way_back).text)
    assert nothing_is_connected(work)


def test_an_account_of_another_tenant_is_not_connected(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    refused = {
        "error": "invalid_grant",
        "error_description": "AADSTS50020: User account does not exist in tenant.",
    }
    microsoft.obey(times(1, Reply(400, refused), "token"))
    shown = connected(browse(cast.cleo), microsoft)
    assert "This account is of another organisation than this installation." in shown
    assert nothing_is_connected(work)


def test_an_account_without_a_licence_is_not_connected(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    microsoft.box(CLEO).licensed = False
    assert NO_MAILBOX in connected(browse(cast.cleo), microsoft) and nothing_is_connected(work)


def test_a_clock_that_is_five_minutes_off_is_said(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    microsoft.tokens.seconds_off = microsoft.seconds_off = 300
    assert "The clock of this machine is 5 minutes slow." in connected(browse(cast.cleo), microsoft)
    assert nothing_is_connected(work)


def test_with_less_than_everything_nothing_is_connected(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft
) -> None:
    microsoft.allows = ("Mail.Send", "User.Read")
    shown = connected(browse(cast.cleo), microsoft)
    assert "What was granted does not allow this" in shown and nothing_is_connected(work)


WRONG: list[tuple[str, Fault, str]] = [
    ("no answer", Act.DROP_BEFORE, "gave no answer"),
    ("an error", Reply(503, b"busy"), "Microsoft said: 503."),
    ("too often", Reply(429, {"error": "temporarily_unavailable"}, {"Retry-After": "9"}), "Microsoft said:"),
    (
        "the secret",
        Reply(401, {"error": "invalid_client", "error_description": "AADSTS7000222: The secret is expired."}),
        "MICROSOFT_CLIENT_SECRET is over.",
    ),
]


@pytest.mark.parametrize(("fault", "told"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_trouble_at_the_token_server_connects_nothing(
    browse: Browse, work: Work, cast: Cast, microsoft: Microsoft, fault: Fault, told: str
) -> None:
    microsoft.obey(times(1, fault, "token"))
    assert told in connected(browse(cast.cleo), microsoft) and nothing_is_connected(work)


def test_throttled_is_not_lost(browse: Browse, work: Work, cast: Cast, microsoft: Microsoft) -> None:
    """The rule: 429 + Retry-After (spec/5). The mailbox waits, and stays connected."""
    cleo = browse(cast.cleo)
    connected(cleo, microsoft)
    words = {"error": {"code": "ApplicationThrottled", "message": "Too many requests"}}
    microsoft.obey(times(1, Reply(429, words, {"Retry-After": "30"}), "me"))
    answer = cleo.post("/mailbox/check")
    assert answer.status_code == 422 and "Outlook said: Too many requests." in answer.text
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Mailbox.state))) == {MailboxState.CONNECTED}


def test_the_check_asks_outlook_and_a_permission_that_ended_is_connected_again(
    browse: Browse, cast: Cast, microsoft: Microsoft
) -> None:
    cleo = browse(cast.cleo)
    connected(cleo, microsoft)
    assert cleo.post("/mailbox/check").status_code == 303 and "me" in microsoft.heard
    microsoft.tokens.revoke(CLEO)
    answer = cleo.post("/mailbox/check")
    assert (
        answer.status_code == 422
        and "Outlook lets us in no longer, so all mail from here waits." in answer.text
    )
    assert "AADSTS50173" in answer.text and "The password was changed" in unescape(answer.text)
    first = unescape(answer.text).partition("Connect by Gmail")[0]
    assert "Connect again by Outlook" in first, "what is to be done comes before what could be done"
    assert "is connected by Outlook" in connected(cleo, microsoft)
