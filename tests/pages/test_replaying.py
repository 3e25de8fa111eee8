"""Two transactions that wait for each other: PostgreSQL ends one, and the request whose it was is done again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.people.models import Address
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails
from tests.pages.conftest import Browser


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_whoever_unsubscribes_somebody_presses_once_though_the_database_gave_it_up(
    engine: Engine, work: Work, cast: Cast, browse: Callable[..., Browser]
) -> None:
    [mail] = due_mails(work, cast, "maria@example.com")
    with work() as uow:
        person = uow.session.scalars(sa.text("SELECT person_id FROM message")).one()
    cleo, begun = browse(cast.cleo), threading.Event()
    other = threading.Thread(target=_in_the_other_order, args=(engine, mail, begun))
    other.start()
    assert begun.wait(10)
    answer = cleo.post(f"/people/{person}/unsubscribe", {"reason": "asked by phone"})
    other.join()
    assert answer.status_code in (200, 302, 303), answer.text
    with work() as uow:
        opted_out = sa.select(Address.opted_out_at).where(Address.email == "maria@example.com")
        assert uow.session.scalar(opted_out) is not None
        told = uow.session.scalar(sa.text("SELECT count(*) FROM activity WHERE kind = 'person.unsubscribed'"))
        assert told == 1, "nothing of the first try is there"


def _in_the_other_order(engine: Engine, mail: int, begun: threading.Event) -> None:
    """The address first, and the mail once the request holds it and waits for the address."""
    with engine.begin() as connection:
        # Whoever has waited for its time looks first and is given up: on a busy machine that might be this one.
        connection.execute(sa.text("SET LOCAL deadlock_timeout = '10s'"))
        connection.execute(sa.text("SELECT id FROM address FOR UPDATE"))
        begun.set()
        while not _somebody_waits(engine):
            time.sleep(0.02)
        connection.execute(sa.text("SELECT id FROM message WHERE id = :id FOR UPDATE"), {"id": mail})


def _somebody_waits(engine: Engine) -> bool:
    here = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL"
    with engine.connect() as connection:
        return bool(
            connection.scalar(sa.text(f"{here} WHERE NOT l.granted AND d.datname = current_database()"))
        )
