"""The mailbox page: connected when the server takes the sign-in, signed, limited; the password is never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.sink import Manners, Sink

Browse = Callable[[User], Browser]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


def typed(at: int, **other: str) -> dict[str, str]:
    known = {"address": "cleo@north.example", "host": "127.0.0.1", "port": str(at), "security": "none"}
    return {**known, "username": "", "password": "", **other}


def mailbox(work: Work, user: User) -> Mailbox | None:
    with work() as uow:
        return uow.session.scalars(sa.select(Mailbox).where(Mailbox.user_id == user.id)).first()


def spoil(work: Work, user: User, **columns: Any) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).where(Mailbox.user_id == user.id).values(**columns))


def test_it_is_kept_when_the_server_takes_it(
    browse: Browse, work: Work, cast: Cast, sink: Sink, settings: Settings
) -> None:
    cleo = browse(cast.cleo)
    answer = cleo.post("/mailbox", typed(sink.port, password="sesame"))
    assert answer.status_code == 303
    assert "the server took the sign-in" in cleo.get("/mailbox").text
    found = mailbox(work, cast.cleo)
    assert found is not None and found.port == sink.port and "sesame" not in found.sealed_secret
    assert Seal(settings.secret_key).open(found.sealed_secret) == "sesame"
    assert not sink.caught, "no mail is sent"


def test_it_is_not_kept_when_the_server_says_no_and_the_words_say_what_to_do(
    browse: Browse, work: Work, cast: Cast, sink: Sink
) -> None:
    answer = browse(cast.cleo).post("/mailbox", typed(sink.port, username="cleo", password="sesame"))
    assert answer.status_code == 422
    assert "offers no sign-in" in answer.text and "Check the user name and the password" in answer.text
    assert 'value="cleo"' in answer.text and "sesame" not in answer.text
    assert mailbox(work, cast.cleo) is None


def test_a_server_that_is_not_there_is_said(browse: Browse, cast: Cast, sink: Sink) -> None:
    sink.close()
    answer = browse(cast.cleo).post("/mailbox", typed(sink.port))
    assert answer.status_code == 422 and "cannot be reached" in answer.text
    assert "name and port" in unescape(answer.text)


def test_bad_input_keeps_what_was_typed(browse: Browse, cast: Cast) -> None:
    wrong = typed(0, address="nobody", host="https://mail", port="99999", security="magic")
    answer = browse(cast.cleo).post("/mailbox", wrong)
    shown = unescape(answer.text)
    assert answer.status_code == 422
    for words in ("Write the name of the server alone", "a port from 1 to 65535", "is not an e-mail address"):
        assert words in shown
    assert 'value="https://mail"' in shown and 'value="99999"' in shown


def test_a_stored_password_is_never_sent_to_another_server(
    browse: Browse, work: Work, cast: Cast, sink: Sink, settings: Settings
) -> None:
    sealed = Seal(settings.secret_key).close("sesame")
    spoil(work, cast.ana, port=sink.port, username="ana", sealed_secret=sealed)
    other = typed(sink.port, address="ana@north.example", host="localhost", username="ana")
    answer = browse(cast.ana).post("/mailbox", other)
    assert answer.status_code == 422 and "Type the password again" in answer.text
    assert not sink.heard


def test_an_address_of_somebody_else_is_refused(browse: Browse, cast: Cast, sink: Sink) -> None:
    answer = browse(cast.cleo).post("/mailbox", typed(sink.port, address="ana@north.example"))
    assert answer.status_code == 422 and "Somebody else sends from this address" in answer.text


def test_a_lost_connection_says_what_to_do_and_is_back_after_a_check(
    browse: Browse, work: Work, cast: Cast, sink: Sink
) -> None:
    spoil(work, cast.ana, port=sink.port, state="needs_reconnect", trouble="535 no")
    ana = browse(cast.ana)
    shown = ana.get("/mailbox").text
    assert "did not take the sign-in, so all mail from here waits" in shown and "535 no" in shown
    assert ana.post("/mailbox/check").status_code == 303
    found = mailbox(work, cast.ana)
    assert found is not None and (found.state, found.trouble) == ("connected", "")


def test_how_large_a_mail_may_be_is_noted_as_the_server_says_it(
    browse: Browse, work: Work, cast: Cast, sink: Sink
) -> None:
    """The rule: attachments are checked against the channel's limit."""
    spoil(work, cast.ana, port=sink.port)
    for size in (25_000_000, None):
        sink.behave(Manners(size=size))
        browse(cast.ana).post("/mailbox/check")
        found = mailbox(work, cast.ana)
        assert found is not None and found.largest_mail == size


def test_a_check_that_fails_changes_nothing(browse: Browse, work: Work, cast: Cast, sink: Sink) -> None:
    spoil(work, cast.ana, port=sink.port, state="needs_reconnect", trouble="535 no")
    sink.close()
    answer = browse(cast.ana).post("/mailbox/check")
    assert answer.status_code == 422 and "cannot be reached" in answer.text
    found = mailbox(work, cast.ana)
    assert found is not None and found.state == "needs_reconnect"


def test_a_stopped_mailbox_waits_for_an_administrator(
    browse: Browse, work: Work, cast: Cast, sink: Sink
) -> None:
    spoil(work, cast.ana, port=sink.port, state="stopped", trouble="550 policy")
    ana = browse(cast.ana)
    assert "An administrator of your team has to look at it" in ana.get("/mailbox").text
    assert ana.post("/mailbox/check").status_code == 403
    found = mailbox(work, cast.ana)
    assert found is not None and found.state == "stopped"


def test_no_lock_is_held_while_the_server_does_not_answer(browse: Browse, work: Work, cast: Cast) -> None:
    def write_meanwhile(position: str, _argument: str) -> None:
        if position == "EHLO":
            spoil(work, cast.ana, trouble="written meanwhile")

    with Sink(Manners(script=write_meanwhile)) as sink:
        spoil(work, cast.ana, port=sink.port)
        answer = browse(cast.ana).post("/mailbox", typed(sink.port, address="elsewhere@north.example"))
        assert answer.status_code == 303
    found = mailbox(work, cast.ana)
    assert found is not None and found.address == "elsewhere@north.example"


def test_the_signature_is_previewed_and_kept(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    html = "<p>{{ my_name }}<script>alert(1)</script></p>"
    frame = ana.post("/mailbox/signature/preview", {"signature_html": html})
    assert "Ana Lind" in frame.text and "script>" not in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert ana.post("/mailbox/signature", {"signature_html": html}).status_code == 303
    found = mailbox(work, cast.ana)
    assert found is not None and found.signature_html == html


@pytest.mark.parametrize("html", ["{{ my_name", "<p>{{ first_name }}</p>", "{{ my_phone }}"])
def test_a_signature_that_would_stop_every_mail_is_refused_and_kept_in_the_form(
    browse: Browse, work: Work, cast: Cast, html: str
) -> None:
    answer = browse(cast.ana).post("/mailbox/signature", {"signature_html": html})
    assert answer.status_code == 422 and html in unescape(answer.text)
    found = mailbox(work, cast.ana)
    assert found is not None and found.signature_html == ""


def test_the_daily_limit_is_a_number(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert ana.post("/mailbox/limit", {"daily_limit": "120"}).status_code == 303
    for wrong in ("0", "-1", "many", "99999", ""):
        answer = ana.post("/mailbox/limit", {"daily_limit": wrong})
        assert answer.status_code == 422 and "Write a number from 1 to 2,000." in answer.text
    found = mailbox(work, cast.ana)
    assert found is not None and found.daily_limit == 120


def test_the_pace_is_a_number_or_nothing(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert ana.post("/mailbox/pace", {"per_minute": "30"}).status_code == 303
    for wrong in ("0", "-1", "many", "9999999"):
        answer = ana.post("/mailbox/pace", {"per_minute": wrong})
        assert answer.status_code == 422 and "from 1 to 100,000, or nothing" in answer.text
        assert f'value="{wrong}"' in answer.text
    found = mailbox(work, cast.ana)
    assert found is not None and (found.per_minute, found.bulk_lane) == (30, False)
    assert ana.post("/mailbox/pace", {"per_minute": ""}).status_code == 303
    found = mailbox(work, cast.ana)
    assert found is not None and found.per_minute is None


def test_a_bulk_lane_needs_the_right_to_start_deliveries(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert "relay for many" not in ana.get("/mailbox").text
    assert ana.post("/mailbox/pace", {"per_minute": "", "bulk_lane": "1"}).status_code == 403
    with work() as uow:
        uow.session.get_one(User, cast.ana.id).can_start = True
    assert "relay for many" in ana.get("/mailbox").text
    assert ana.post("/mailbox/pace", {"per_minute": "", "bulk_lane": "1"}).status_code == 303
    found = mailbox(work, cast.ana)
    assert found is not None and found.bulk_lane


class TestReportsOfItsRelay:
    """Said where a door for them is open, by who may start deliveries."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        key = "only for the tests, and long enough"
        return Settings(secret_key=key, data_dir=tmp_path, relay_events_secret="whsec_open")

    def test_they_are_waited_for_and_no_more(
        self, browse: Browse, work: Work, cast: Cast, sink: Sink, settings: Settings
    ) -> None:
        cleo = browse(cast.cleo)
        cleo.post("/mailbox", typed(sink.port))
        assert "/api/events/generic</code>" in cleo.get("/mailbox").text
        for wanted in (True, False):
            cleo.post("/mailbox/relay-reports", {"relay_reports": "1"} if wanted else {})
            box = mailbox(work, cast.cleo)
            assert box is not None and box.relay_reports is wanted
        assert "Reports of its relay" not in browse(cast.ana).get("/mailbox").text
        assert browse(cast.ana).post("/mailbox/relay-reports", {"relay_reports": "1"}).status_code == 403


def test_what_needs_a_mailbox_is_not_there_without_one(browse: Browse, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    assert cleo.get("/mailbox").status_code == 200
    for path in ("check", "signature", "signature/preview", "limit", "pace"):
        assert cleo.post(f"/mailbox/{path}", {"daily_limit": "5"}).status_code == 404


def test_a_mailbox_gets_known_and_tells_what_leaves_today_and_tomorrow(
    browse: Browse, work: Work, cast: Cast
) -> None:
    ana = browse(cast.ana)
    bad = ana.post("/mailbox/ramp", {"ramp_first": "none", "ramp_percent": "50", "ramp_most": "500"})
    assert bad.status_code == 422 and 'value="none"' in bad.text and "from 1 to 100,000" in bad.text
    ana.post("/mailbox/ramp", {"ramp_first": "20", "ramp_percent": "50", "ramp_most": "500"})
    shown = ana.get("/mailbox").text
    assert "20 mails may leave today, 30 tomorrow." in shown
    ana.post("/mailbox/ramp/end")
    assert "Begin today" in ana.get("/mailbox").text


def test_a_domain_is_limited_and_let_go_with_a_way_back(browse: Browse, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    bad = cleo.post("/admin/domain-limits", {"domain": "nonsense!", "per_minute": "x"})
    assert bad.status_code == 422 and 'value="nonsense!"' in bad.text
    cleo.post("/admin/domain-limits", {"domain": "Slow.example", "per_minute": "30"})
    assert "<strong>slow.example</strong>" in cleo.get("/admin/domain-limits").text
    cleo.post("/admin/domain-limits/lift", {"domain": "slow.example"})
    shown = cleo.get("/admin/domain-limits").text
    assert "No domain has a limit" in shown and "domain=slow.example" in shown, "the way back"
    cleo.post("/admin/domain-limits?domain=*&per_minute=9&one_to_one=1")
    assert "Every other domain" in cleo.get("/admin/domain-limits").text
