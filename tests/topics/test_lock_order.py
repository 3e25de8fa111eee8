"""Who changes an address locks its mails first, as the gate does: neither waits for the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.enrollments.answers.opting_out import (
    block_address,
    unsubscribe,
    unsubscribe_by_link,
    unsubscribe_many,
)
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message

WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
Act = Callable[[UnitOfWork, Cast, int, Person], object]
ACTS: dict[str, Act] = {
    "by hand": lambda uow, cast, _mail, person: unsubscribe(uow, cast.cleo, person),
    "by link": lambda uow, _cast, mail, _person: unsubscribe_by_link(uow, mail, only_campaign=False),
    "several": lambda uow, cast, _mail, person: unsubscribe_many(uow, cast.cleo, [person.id]),
    "blocked": lambda uow, cast, _mail, person: block_address(uow, cast.cleo, person.email),
}


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ACTS)
def test_an_address_is_free_for_the_gate_while_its_mail_is_there(
    act: str, engine: Engine, work: Work, cast: Cast
) -> None:
    [mail] = due_mails(work, cast, "maria@example.com")
    person_id = message(work, mail).person_id

    def change() -> None:
        with work() as uow:
            ACTS[act](uow, cast, mail, uow.session.get_one(Person, person_id))

    changing = threading.Thread(target=change)
    with engine.begin() as gate:
        gate.execute(sa.text("SELECT id FROM message FOR UPDATE"))
        changing.start()
        deadline = time.monotonic() + 20
        while not gate.scalar(sa.text(WAITS)):
            assert time.monotonic() < deadline
            gate.execute(sa.text("SELECT pg_stat_clear_snapshot()"))
            time.sleep(0.02)
        gate.execute(sa.text("SELECT id FROM address FOR SHARE NOWAIT"))
    changing.join()
    with engine.connect() as connection:
        done = "SELECT count(*) FROM address WHERE opted_out_at IS NOT NULL OR blocked_at IS NOT NULL"
        assert connection.scalar(sa.text(done)) == 1
