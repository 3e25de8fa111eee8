"""`flask doctor`: one line for each thing that mail needs, with what to fix; exit code 1 when something is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from integrations.dns import Names
from integrations.gmail import GmailKnocks
from integrations.gmail import Settings as GmailSettings
from sales_campaigns import migrating
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.errors import Outside
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.presence import beat
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.name_server import answering
from tests.sink import Sink
from web import create_app

TABLE = {
    "north.example": ["v=spf1 mx -all", "other"],
    "_dmarc.north.example": ["v=DMARC1; p=quarantine; " + "x=" + "1" * 300],
    "s2._domainkey.north.example": ["v=DKIM1; p=abc"],
    "south.example": [],
}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture(autouse=True)
def newest(engine: Engine) -> Iterator[None]:
    """Tables of tests are made without migrations."""
    with engine.connect() as connection:
        command.stamp(migrating._config(connection), "head")
        connection.commit()
    yield
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))


def look(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock, server: str
) -> tuple[int, dict[str, str]]:
    """The exit code, and what was looked at → grade."""
    outside = replace(outside, names=Names(server, seconds=2))
    chosen = settings.model_copy(update={"dkim_selectors": "s1, s2"})
    app = create_app(chosen, engine, outside, clock)
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    return result.exit_code, {one["what"]: one["grade"] for one in json.loads(result.stdout)}


def test_it_looks_at_everything_and_says_what_is_broken(
    settings: Settings,
    engine: Engine,
    outside: OutsideWorld,
    clock: VirtualClock,
    work: Work,
    cast: Cast,
    sink: Sink,
) -> None:
    with work() as uow:
        beat(uow.session, "scheduler")
        uow.session.execute(sa.update(Mailbox).values(host="127.0.0.1", port=sink.port, security="none"))
        uow.session.execute(
            sa.update(Mailbox).where(Mailbox.id == cast.dirk_box.id).values(state="stopped", trouble="Spam.")
        )
    with answering(TABLE) as server:
        knocks = GmailKnocks(GmailSettings())
        code, found = look(settings, engine, replace(outside, knocks=knocks), clock, server)
    assert found["news of gmail"] == "note", "there is no key"
    assert code == 1, "a mailbox is stopped"
    fine = {"database", "clock", "processes", "mailbox ana@north.example", "SPF of north.example"}
    fine |= {"DMARC of north.example", "DKIM of north.example"}
    assert {what for what in fine if found[what] != "fine"} == set()
    assert found[f"mailbox {cast.dirk_box.address}"] == "broken"
    assert sink.heard and not sink.caught, "a harmless round trip"


def test_a_name_server_that_does_not_answer_is_named(cast: Cast) -> None:
    names = Names("127.0.0.1:1", seconds=0.2)
    with pytest.raises(Outside, match="no name server answered"):
        names.texts("north.example")


def test_people_read_a_line_for_each(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock, cast: Cast
) -> None:
    app = create_app(settings, engine, outside, clock)
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    fix = "Start one: flask serve, or flask scheduler run."
    assert f"x   processes: nobody keeps time, so nothing leaves. {fix}" in result.stdout.splitlines()


def test_an_older_schema_is_the_first_thing_to_mend(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock, cast: Cast
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    app = create_app(settings, engine, outside, clock)
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1 and "Run flask db upgrade." in result.stdout


def test_a_newer_schema_is_told_and_the_rest_is_looked_at(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock, cast: Cast
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'next'"))
    app = create_app(settings, engine, outside, clock)
    said = app.test_cli_runner().invoke(args=["doctor"]).stdout
    assert "database: a newer version has changed its schema" in said and "nobody keeps time" in said
