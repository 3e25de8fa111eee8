"""The page of a mailbox whose server is in trouble: what is wrong, who has to do what, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from tests.cast import Cast
from tests.conftest import SEAL, Work
from tests.outgoing import due_mails, send, states
from tests.pages.conftest import Browser
from tests.pages.parts import plain
from tests.providers.certificates import server_context
from tests.sink import Act, Manners, Sink

Browse = Callable[[User], Browser]
WAITS = "Nothing leaves from here until"
FAULTS: dict[str, tuple[Manners, tuple[str, ...]]] = {
    "a wrong password": (
        Manners(users={"ana": "another"}),
        (
            "The server did not take the sign-in, so all mail from here waits.",
            "Give the password again below",
        ),
    ),
    "a web server": (
        Manners(script=lambda at, _: b"HTTP/1.1 400 Bad Request\r\n\r\n" if at == "CONNECT" else None),
        (WAITS, "It is tried again by itself then, and nothing is lost."),
    ),
    "a reply of 10 MB": (
        Manners(script=lambda at, _: b"250-" + b"x" * 10_000_000 if at == "MAIL" else None),
        (WAITS, "It is tried again by itself then, and nothing is lost."),
    ),
    "a server that hangs up": (
        Manners(script=lambda at, _: Act.RESET if at == "CONNECT" else None),
        (WAITS, "cannot be reached", "It is tried again by itself then, and nothing is lost."),
    ),
}


def spoil(work: Work, cast: Cast, **columns: Any) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).where(Mailbox.user_id == cast.ana.id).values(**columns))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_mailbox_says_what_is_wrong_and_the_mail_stays(
    fault: str, browse: Browse, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: “the mailbox says what is wrong, … nothing lost”."""
    manners, words = FAULTS[fault]
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    spoil(work, cast, username="ana" if manners.users else "", sealed_secret=SEAL.close("mistyped"))
    sink.behave(manners)
    send(room)
    shown = plain(browse(cast.ana).get("/mailbox").text)
    assert all(one in shown for one in words), shown
    assert "asked to wait" not in shown and "Mail leaves as it is due" not in shown
    assert states(work) == ["pending", "pending"] and not sink.caught


def test_a_certificate_that_nobody_trusts_stops_it_and_is_named(
    browse: Browse, work: Work, cast: Cast, room: PostRoom, sink: Sink, tmp_path: Path
) -> None:
    context, _ = server_context(tmp_path)
    due_mails(work, cast, "maria@example.com")
    spoil(work, cast, security="tls")
    sink.behave(Manners(tls=context))
    send(room)
    shown = plain(browse(cast.ana).get("/mailbox").text)
    assert "Sending from here was stopped, so nothing leaves." in shown
    assert "The certificate of 127.0.0.1 is not trusted" in shown
    assert "An administrator of your team has to look at it" in shown and states(work) == ["pending"]


def test_what_is_over_is_not_told_any_more(
    browse: Browse, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com")
    sink.behave(Manners(script=lambda at, _: Act.RESET if at == "CONNECT" else None))
    send(room)
    assert "Waits" in plain(browse(cast.ana).get("/mailbox").text)
    spoil(work, cast, paused_until=machine_now() - timedelta(seconds=1))
    shown = plain(browse(cast.ana).get("/mailbox").text)
    assert "Mail leaves as it is due." in shown and WAITS not in shown
