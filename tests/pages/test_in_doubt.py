"""Servers that leave open what became of a mail: Ana says it on the page, and then both books are the same.

The rule: the ledger equals the server's log row by row, the rest stands on a page with two buttons, and each does the
right thing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from integrations.directory import connected
from integrations.smtp import Settings
from sales_campaigns.accounts.models import User
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, states
from tests.pages.conftest import Browser
from tests.sink import Act, Sink
from tests.torture.installation import wait_until

PATIENCE = 0.3  # seconds for the answer to a final dot
SIX = tuple(f"{name}@example.com" for name in ("anna", "bob", "carl", "dora", "emil", "frida"))
ODD = (SIX[1], SIX[4])


def _takes_it_late() -> None:
    time.sleep(2 * PATIENCE)


SERVERS: dict[str, tuple[Callable[[], Act | None], bool]] = {  # with whether it has the mail
    "answers 250 and resets": (lambda: Act.DROP_AFTER_YES, True),
    "hangs up behind the final dot": (lambda: Act.DROP, False),
    "never answers the final dot": (lambda: Act.SILENCE, False),
    "takes it and never answers the final dot": (lambda: Act.SILENCE_AFTER_ALL, True),
    "accepts after the client gave up": (_takes_it_late, True),
}


@pytest.mark.parametrize("server", SERVERS)
def test_after_a_person_has_said_so_the_rows_are_what_the_server_has(
    server: str, browse: Callable[[User], Browser], work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    act, takes = SERVERS[server]
    sink.obey(lambda at, who: act() if at == "BODY" and who in ODD else None)
    due_mails(work, cast, *SIX)
    providers = connected(Settings(final_reply_seconds=PATIENCE))
    run_until_quiet(replace(room, providers=providers))
    providers.close_all()
    wait_until(lambda: len(sink.caught) == (6 if takes else 4), 10, "it has what it took")
    before = books(work, sink)
    assert before["sent"] <= before["taken"] <= before["sent"] | before["uncertain"]
    ana = browse(cast.ana)
    shown = ana.get("/emails?folder=uncertain").text
    assert len(re.findall(r'id="mail-(\d+)"', shown)) == len(before["uncertain"])
    sink.obey(lambda _at, _who: None)
    for id, name in uncertain(work):
        assert "It was sent" in shown and "Send again" in shown
        there = any(mail.message_id == name for mail in sink.caught)
        answer = ana.post(f"/emails/{id}/answer", {"answer": "sent" if there else "again"})
        assert answer.status_code == 303
    run_until_quiet(room)
    after = books(work, sink)
    assert states(work) == ["sent"] * 6
    assert after["sent"] == after["taken"] and len(sink.caught) == 6, "row by row, and nothing twice"


def books(work: Work, sink: Sink) -> dict[str, set[tuple[str, str]]]:
    """(address, Message-ID): what the rows say by state, and what the server has `taken`."""
    with work() as uow:
        rows = uow.session.execute(sa.select(Message.state, Message.email, Message.message_id)).all()
    said: dict[str, set[tuple[str, str]]] = {"sent": set(), "uncertain": set()}
    for state, email, name in rows:
        said.setdefault(str(state), set()).add((email, name or ""))
    return {**said, "taken": {(mail.recipients[0], mail.message_id) for mail in sink.caught}}


def uncertain(work: Work) -> list[tuple[int, str | None]]:
    with work() as uow:
        rows = uow.session.execute(
            sa.select(Message.id, Message.message_id).where(Message.state == "uncertain")
        )
        return [(id, name) for id, name in rows.all()]
