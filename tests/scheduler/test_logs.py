"""What stands in the log, as real processes write it: traces from the request to the hand-over, and no secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.logs import begin_trace, configure_logs, trace_id
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import unit_of_work
from tests.torture.campaign import launch_for
from tests.torture.installation import Installation, receiving, wait_until
from tests.torture.ledger import is_quiet

CANARY = "canary-4711"


def test_a_mail_leaves_under_the_trace_of_what_wrote_it_and_nothing_secret_is_told(tmp_path: Path) -> None:
    """Words of a mail, a wrong secret and a body that the database refuses: none of them stands in the log."""
    here = Installation(tmp_path, settings={"LOG_FORMAT": "json"})
    here.set_up()
    engine, trace = here.engine, begin_trace("request1")
    with receiving(tmp_path) as receiver:
        launch_for(engine, 2, receiver.port, html=f"<p>{CANARY}</p>")
        _break_the_secret_of_another(engine)
        program = here.start("scheduler", "run")
        wait_until(lambda: is_quiet(engine) or "failed" in here.said(), 60, "it has sent")
        wait_until(lambda: here.said().count("handed over") == 2, 30, "it has told so")
        program.end()
    engine.dispose()
    lines = [json.loads(line) for line in here.said().splitlines() if line.startswith("{")]
    sent = [line for line in lines if line["event"] == "handed over"]
    assert {line["trace_id"] for line in sent} == {trace}
    assert {line["outcome"] for line in sent} == {"accepted"}
    assert CANARY not in here.said()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT :words FROM nowhere",
        "INSERT INTO bucket (key, tokens) VALUES (:words, 1)",  # a column that must be given
        "INSERT INTO domain_limit (domain, per_minute, one_to_one) VALUES (:words, 0, false)",  # a check
        "INSERT INTO team (id, name) VALUES (1, :words)",
    ],
)
def test_an_error_of_the_database_does_not_tell_what_it_was_given(
    statement: str, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL adds the whole row, a mail or a sealed password, to what it says of a rule that is broken."""
    configure_logs("words")
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(statement), {"words": CANARY})
    except sa.exc.DBAPIError as error:
        assert isinstance(error.orig, Exception) and CANARY not in f"{error}{error.orig}"
        structlog.get_logger().exception("it failed")
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "it failed" in told and "Traceback" in told and CANARY not in told


@pytest.mark.parametrize("form", ["words", "json"])
def test_fields_that_may_hold_a_secret_are_left_out(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(form)
    try:
        begin_trace("click1")
        structlog.get_logger().warning("told", password=CANARY, html=CANARY, mailbox=7)
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert CANARY not in told
    assert "click1" in told and "7" in told


@pytest.mark.parametrize("given", ["", "two words", "x" * 33, "a\nb"])
def test_a_trace_that_cannot_be_one_is_replaced(given: str) -> None:
    assert begin_trace(given) == trace_id() != given


def _break_the_secret_of_another(engine: sa.Engine) -> None:
    """A mailbox whose sealed secret is nonsense: opening it fails."""
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        box = uow.session.scalars(sa.select(Mailbox).order_by(Mailbox.id)).first()
        assert box is not None
        box.sealed_secret = CANARY
        uow.session.execute(sa.update(Message).where(Message.id == 0).values(words=CANARY))
