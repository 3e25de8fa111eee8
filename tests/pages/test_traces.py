"""From the click to the hand-over by one trace; and what a request that fails leaves in the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.logs import configure_logs
from sales_campaigns.messages.models import Message
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails
from tests.pages.conftest import Browser

CANARY = "canary-4711"


@pytest.mark.parametrize("given", ["click1", ""])
def test_a_message_keeps_the_trace_of_the_request_that_wrote_it(
    given: str, browse: Callable[[User], Browser], work: Work, cast: Cast
) -> None:
    """The rule: trace ids from request to send; scheduler/test_logs.py goes on from the message to the hand-over."""
    [first] = due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state="failed", reason="message_refused"))
    ana = browse(cast.ana)
    headers = {"X-Request-Id": given, "X-CSRFToken": ana.token}
    answer = ana.client.post(f"/emails/{first}/retry", headers=headers)
    assert answer.status_code == 303
    with work() as uow:
        wrote = uow.session.scalars(sa.select(Message.trace_id).where(Message.attempt == 2)).one()
    assert answer.headers["X-Request-Id"] == wrote and (wrote == given or not given)


def test_a_request_that_fails_is_one_line_under_its_trace_and_lets_nobody_in(
    app: Flask, work: Work, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in the address of a link that signs in is a secret; so is what a form says."""
    configure_logs("json")
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    try:
        with _without_its_table(work):
            answer = app.test_client().get(
                f"/sign-in/link/{CANARY}?next={CANARY}", headers={"X-Request-Id": "click1"}
            )
    finally:
        app.testing = True
        structlog.reset_defaults()
    assert answer.status_code == 500
    told = capsys.readouterr().err
    assert CANARY not in told
    [line] = [json.loads(line) for line in told.splitlines()]
    assert (line["event"], line["method"], line["route"], line["trace_id"]) == (
        "a request failed",
        "GET",
        "/sign-in/link/<token>",
        "click1",
    )
    assert "sign_in_link" in line["exception"]


@contextmanager
def _without_its_table(work: Work) -> Iterator[None]:
    with work() as uow:
        uow.session.execute(sa.text("ALTER TABLE sign_in_link RENAME TO link_elsewhere"))
    try:
        yield
    finally:
        with work() as uow:
            uow.session.execute(sa.text("ALTER TABLE link_elsewhere RENAME TO sign_in_link"))
