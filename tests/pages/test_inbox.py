"""How a mailbox is read: guessed from how it sends, kept when the server takes the sign-in, given up with one click."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.inboxes import InboxSettings, inbox_guessed, read_from
from sales_campaigns.accounts.models import Inbox, Mailbox, User
from sales_campaigns.clock import machine_now
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
TYPED = {"imap_host": "127.0.0.1", "imap_port": "1", "imap_security": "none", "imap_username": "ana"}
KNOWN = InboxSettings("imap.north.example", 993, "tls", "ana")


@pytest.mark.parametrize(
    ("sends", "reads"),
    [
        ("smtp.example.com", "imap.example.com"),
        ("mail.example.com", "mail.example.com"),
        ("smtp.office365.com", "outlook.office365.com"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_server_is_guessed_from_the_one_for_sending(sends: str, reads: str) -> None:
    guess = inbox_guessed(Mailbox(host=sends, address="ana@example.com", username=""))
    assert (guess.host, guess.port, guess.security, guess.username) == (reads, 993, "tls", "ana@example.com")


def test_the_page_says_what_is_missed_while_it_is_not_read(browse: Browse, cast: Cast) -> None:
    shown = unescape(browse(cast.ana).get("/mailbox").text)
    assert "Not read" in shown and "campaigns go on after a reply" in shown
    assert 'name="imap_host"' in shown and 'value="993"' in shown


def test_it_is_not_kept_when_nobody_answers_and_the_words_say_what_to_do(
    browse: Browse, work: Work, cast: Cast
) -> None:
    answer = browse(cast.ana).post("/mailbox/reading", TYPED)
    shown = unescape(answer.text)
    assert answer.status_code == 422
    assert "127.0.0.1:1 cannot be reached" in shown and "name and port" in shown
    assert 'value="ana"' in shown
    assert rows(work) == []


def test_bad_input_keeps_what_was_typed(browse: Browse, cast: Cast) -> None:
    wrong = {"imap_host": "https://x", "imap_port": "0", "imap_security": "magic", "imap_username": ""}
    answer = browse(cast.ana).post("/mailbox/reading", wrong)
    shown = unescape(answer.text)
    assert answer.status_code == 422 and 'value="https://x"' in shown
    for words in ("such as imap.example.com", "such as 993", "Choose one of the list", "you sign in with"):
        assert words in shown


def test_trouble_is_shown_with_since_when(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        inbox = read_from(uow, cast.ana, KNOWN)
        inbox.trouble, inbox.failing_since = "The mail server refused the sign-in: no.", machine_now()
    shown = unescape(browse(cast.ana).get("/mailbox").text)
    assert "Cannot be read" in shown and "refused the sign-in: no." in shown and "are not seen" in shown


def test_another_server_is_read_from_its_beginning(work: Work, cast: Cast) -> None:
    with work() as uow:
        read_from(uow, cast.ana, KNOWN).cursor = "far"
    with work() as uow:
        assert read_from(uow, cast.ana, KNOWN).cursor == "far"
        other = InboxSettings("imap.other.example", 993, "tls", "ana")
        assert read_from(uow, cast.ana, other).cursor == ""


def test_reading_is_given_up(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        read_from(uow, cast.ana, KNOWN)
    ana = browse(cast.ana)
    assert ana.post("/mailbox/reading/stop").status_code == 303
    assert "read no longer" in ana.get("/mailbox").text
    assert rows(work) == []
    assert ana.post("/mailbox/reading/stop").status_code == 404


def test_without_a_mailbox_there_is_nothing_to_read(browse: Browse, cast: Cast) -> None:
    assert browse(cast.cleo).post("/mailbox/reading", TYPED).status_code == 404


def rows(work: Work) -> list[Inbox]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Inbox)))
