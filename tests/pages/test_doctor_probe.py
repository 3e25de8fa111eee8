"""`flask doctor --probe`: what no document settles is tried out, the answer kept, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from sales_campaigns import migrating
from sales_campaigns.accounts.models import Inbox, Instance, Mailbox, User
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import SEAL, Work
from tests.crm import connect
from tests.databases import empty
from tests.stand_ins.imap import PASSWORD
from tests.stand_ins.loop import Loop
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce
from web import create_app

PATTERN = "bounces+*@north.example"
Doctor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Iterator[Engine]:
    """What is tried is outside: one kind of database is enough."""
    yield sqlite_engine
    empty(sqlite_engine)


@pytest.fixture(autouse=True)
def newest(engine: Engine) -> Iterator[None]:
    """Tables of tests are made without migrations."""
    with engine.connect() as connection:
        command.stamp(migrating._config(connection), "head")
        connection.commit()
    yield
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))


@pytest.fixture
def loop(work: Work, cast: Cast) -> Iterator[Loop]:
    """Where Ana's mail goes and comes from; her mailbox is a bulk lane."""
    with Loop() as loop, work() as uow:
        loop.files_copies = True
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        box.port, box.bulk_lane, box.username, box.sealed_secret = (
            loop.sink.port,
            True,
            "",
            SEAL.close(PASSWORD),
        )
        way = {"host": "127.0.0.1", "port": loop.inbox.port, "security": "none", "username": box.address}
        uow.session.add(Inbox(mailbox_id=box.id, look_at=machine_now(), **way))
        uow.session.commit()
        yield loop


@pytest.fixture
def doctor(settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock) -> Doctor:
    """The exit code, and what was looked at → what was found."""

    chosen = settings.model_copy(update={"bounce_address": PATTERN})
    usual = create_app(chosen, engine, outside, clock)

    def run(*arguments: str, **changes: Any) -> tuple[int, dict[str, Any]]:
        app = create_app(chosen, engine, replace(outside, **changes), clock) if changes else usual
        result = app.test_cli_runner().invoke(args=["doctor", "--json", "--patience", "5", *arguments])
        assert result.stdout, result.stderr
        return result.exit_code, {one["what"]: one for one in json.loads(result.stdout)}

    return run


def test_a_mailbox_and_the_bounce_address_are_tried_and_the_answers_kept(
    doctor: Doctor, loop: Loop, work: Work, cast: Cast
) -> None:
    """The rule: stores the answer as a capability; VERP only once the address was probed (spec/5)."""
    assert doctor()[1]["BOUNCE_ADDRESS"]["fix"] == "Run flask doctor --probe."
    _, found = doctor("--probe", "--mailbox", cast.ana_box.address)
    probe = found[f"probe of {cast.ana_box.address}"]
    assert probe["grade"] == "fine" and "kept our Message-ID; the server files a copy" in probe["words"]
    assert found["BOUNCE_ADDRESS"]["grade"] == "fine"
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        assert box.probed_at is not None and box.probed is not None and box.probed["keeps_name"] is True
        assert uow.session.scalars(sa.select(Instance.bounce_address)).one() == PATTERN
    assert "BOUNCE_ADDRESS" not in doctor()[1]
    assert len(loop.sink.caught) == 2
    assert [len(folder.mails) for folder in loop.inbox.folders.values()] == [0, 0, 0], "it tidies up"


def test_an_address_that_nothing_comes_back_to_is_used_no_longer(
    doctor: Doctor, loop: Loop, work: Work, cast: Cast
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Instance).values(bounce_address=PATTERN))
    loop.sink.obey(lambda position, _: "550 5.7.1 not your address" if position == "MAIL" else None)
    code, found = doctor("--probe", "--mailbox", cast.ana_box.address)
    assert code == 1 and "not your address" in found["BOUNCE_ADDRESS"]["words"]
    assert "not your address" in found[f"probe of {cast.ana_box.address}"]["words"]
    with work() as uow:
        assert uow.session.scalars(sa.select(Instance.bounce_address)).one() == ""


def test_only_mailboxes_of_administrators_are_tried_unless_others_are_named(
    doctor: Doctor, loop: Loop, work: Work, cast: Cast, settings: Settings, engine: Engine
) -> None:
    """The rule: on the admin's own account (spec/5)."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=False))
    _, found = doctor("--probe")
    assert not [what for what in found if what.startswith("probe of")] and not loop.sink.caught
    assert "nothing uses it" in found["BOUNCE_ADDRESS"]["words"]
    with work() as uow:
        uow.session.execute(sa.update(User).where(User.id == cast.ana.id).values(role="administrator"))
    _, found = doctor("--probe")
    assert found[f"probe of {cast.ana_box.address}"]["grade"] == "fine"
    _, found = doctor("--probe", "--mailbox", cast.ben_box.address)
    assert "not read here" in found[f"probe of {cast.ben_box.address}"]["words"]


def test_an_address_that_is_no_mailbox_is_refused(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: VirtualClock, cast: Cast
) -> None:
    app = create_app(settings, engine, outside, clock)
    result = app.test_cli_runner().invoke(args=["doctor", "--probe", "--mailbox", "x@y.example"])
    assert result.exit_code == 1 and "There is no mailbox x@y.example." in result.stderr


def test_a_crm_is_asked_and_with_probe_a_task_is_written_once_and_deleted(
    doctor: Doctor, work: Work, cast: Cast, room: Any, clock: VirtualClock
) -> None:
    with Salesforce(clock.now) as there:
        with work() as uow:
            connect(uow, room, cast, there)
        crms = crms_at(there.url)
        assert doctor(crms=crms)[1]["CRM salesforce"]["grade"] == "fine"
        _, found = doctor("--probe", crms=crms)
        assert found["probe of CRM salesforce"]["words"] == "a task was written once, and deleted"
        assert not there.neutral(), "it tidies up"
    assert doctor(crms=crms)[1]["CRM salesforce"]["grade"] == "broken"
