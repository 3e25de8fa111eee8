"""The process that keeps time: one on SQLite, any number on PostgreSQL, and it ends in order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.migrating import BEHIND_WORDS
from sales_campaigns.presence import Presence
from sales_campaigns.settings import Settings, read_settings
from scheduler.jobs import Job
from scheduler.runner import clockwork_of, running
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, states
from tests.sink import Sink
from tests.torture.installation import Installation, wait_until


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else ""
    given = {"DATA_DIR": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": "k" * 40, "TICK_SECONDS": "0.05"}
    return read_settings(given)


def test_it_sends_what_is_due_and_leaves_when_it_is_stopped(
    settings: Settings, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    with running(settings, room):
        wait_until(lambda: states(work) == ["sent"] * 2, 20, "both are sent")
    assert len(sink.caught) == 2
    with work() as uow:
        assert uow.session.scalars(sa.select(Presence)).all() == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_one_on_sqlite_is_refused_and_may_start_when_the_first_has_ended(
    settings: Settings, room: PostRoom
) -> None:
    refused = pytest.raises(IllegalMove, match="Another process is sending from this SQLite database")
    with running(settings, room), refused, running(settings, room):
        raise AssertionError("a second scheduler runs")
    with running(settings, room):
        pass


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_two_on_postgresql_share_the_work(
    settings: Settings, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *(f"person{number}@example.com" for number in range(40)))
    with running(settings, room), running(settings, room):
        wait_until(lambda: set(states(work)) == {"sent"}, 30, "all are sent")
    assert len({mail.message_id for mail in sink.caught}) == len(sink.caught) == 40


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_a_dead_one_left_is_taken_over_at_the_start(
    settings: Settings, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    begun, *_ = due_mails(work, cast, "maria@example.com", "nils@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state="claimed", owner="a dead one"))
        uow.session.execute(sa.update(Message).where(Message.id == begun).values(state="sending"))
    with running(settings, room):
        wait_until(lambda: states(work) == ["uncertain", "sent"], 20, "the claimed one is sent")
    assert len(sink.caught) == 1


def test_the_command_says_in_one_line_why_it_does_not_start(tmp_path: Path) -> None:
    here = Installation(tmp_path)
    here.set_up()
    first = here.start("scheduler", "run")
    try:
        wait_until(lambda: (tmp_path / "scheduler.lock").exists(), 30, "the first one runs")
        said = here.said()
        second = here.start("scheduler", "run")
        wait_until(lambda: not second.running, 30, "the second one ends")
    finally:
        first.end()
    assert second.process.returncode == 1
    new = here.said().removeprefix(said)
    assert "Error: Another process is sending from this SQLite database. Stop it first" in new
    assert "Traceback" not in new


@pytest.mark.parametrize("hours", [2, -1_000])
def test_ticks_go_on_when_the_clock_steps(hours: int) -> None:
    """What a clock that was put back leaves behind: a next tick that is hours away. Put ahead, or after a long sleep:
    one that is long over, and millions that were missed since.
    """
    ticked: list[str] = []
    job = Job("send", lambda room: [], lambda room, key: 0)
    clockwork = clockwork_of({job: lambda one: ticked.append(one.name)}, pace=0.05)
    clockwork.start()
    try:
        clockwork.modify_job("send", next_run_time=machine_now() + timedelta(hours=hours))
        before = len(ticked)
        wait_until(lambda: len(ticked) > before + 2, 10, "it ticks")
    finally:
        clockwork.shutdown(wait=True)


@pytest.mark.parametrize("command", ["scheduler run", "serve --pages-only"])
def test_on_an_older_schema_it_does_not_start(tmp_path: Path, command: str) -> None:
    """What it would write, the database could not take; `serve` alone brings its database up by itself."""
    here = Installation(tmp_path)
    here.set_up()
    with here.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    program = here.start(*command.split())
    assert program.process.wait(60) == 1
    assert here.said() == f"Error: {BEHIND_WORDS}\n"
