"""Which mail of ours a received one is about: also when its person has another address now, and without reading
everything that the mailbox ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.matching import Matches, find
from sales_campaigns.messages.incoming.receiving import CHUNK, MOST_RECIPIENTS
from sales_campaigns.messages.models import Message
from sales_campaigns.people.editing import change_person, create_person
from sales_campaigns.people.models import Address, Person
from sales_campaigns.table_statistics import gather_statistics
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import MONDAY, sent
from tests.topics.test_hard_to_read import VALUES_AT_MOST

pytestmark = pytest.mark.usefixtures("sink")
MARIA, PAUL, MANY = "maria@example.com", "paul@example.com", 3_000
LEFT = Message.sent_at.is_not(None)


def found_for(session: Session, cast: Cast, *recipients: str, threads: tuple[str, ...] = ()) -> Matches:
    wanted: dict[str, Any] = {"names": (), "senders": (), "recipients": recipients, "threads": threads}
    return find(session, cast.ana_box.id, cast.ana.team_id, **wanted, at=MONDAY)


def test_a_bounce_that_shows_no_mail_is_about_the_mail_to_its_recipient(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    sent(work, cast, room, MARIA, PAUL)
    with work() as uow:
        mine = uow.session.scalar(sa.select(Message.id).where(Message.email == MARIA, LEFT))
        found = found_for(uow.session, cast, MARIA, "stranger@example.com")
    assert {address: known.id for address, known in found.by_recipient.items()} == {MARIA: mine}


def test_it_is_found_when_its_person_has_another_address_by_then_and_somebody_else_has_that_one(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    sent(work, cast, room)
    with work() as uow:
        maria = uow.session.scalars(sa.select(Person).where(Person.email == MARIA)).one()
        ana = uow.session.merge(cast.ana)
        change_person(uow, ana, maria.id, {"email": "maria@new.example"})
        create_person(uow, ana, {"email": MARIA})
        uow.session.flush()
        found = found_for(uow.session, cast, MARIA)
        assert found.by_recipient[MARIA].person_id == maria.id
        assert not found_for(uow.session, cast, "maria@new.example").by_recipient


def test_neither_a_bounce_nor_a_thread_reads_all_mails_of_a_mailbox(
    work: Work, cast: Cast, room: PostRoom, engine: Engine
) -> None:
    sent(work, cast, room)
    with work() as uow:
        others_too(uow.session)
        uow.session.execute(sa.update(Message).where(Message.email == MARIA).values(thread_id="T1"))
        gather_statistics(uow)
    engine.dispose()  # as happens to each connection after a while
    with work() as uow:
        if engine.dialect.name == "postgresql":
            uow.session.execute(sa.text("ANALYZE message, person, address"))
        plans = plans_of(uow.session, engine, cast)
    assert "ix_message_person" in plans and "ix_message_thread" in plans
    assert "ix_message_mailbox_day" not in plans and "Seq Scan on message" not in plans
    assert "SCAN message" not in plans


def test_as_many_recipients_as_a_batch_of_reports_may_name_are_asked_for(
    work: Work, cast: Cast, room: PostRoom, engine: Engine
) -> None:
    """The rule: DSN bombs; here of people who are all known."""
    sent(work, cast, room)
    names = [f"p{n}@example.com" for n in range(CHUNK * MOST_RECIPIENTS - 1)]
    with work() as uow:
        row = {"domain": "example.com"}
        uow.session.execute(sa.insert(Address), [{"email": one, **row} for one in names])
        with asked_of(engine) as asked:
            assert found_for(uow.session, cast, *names, MARIA).by_recipient.keys() == {MARIA}
    assert max(len(values) for _, values in asked) < VALUES_AT_MOST


def others_too(session: Session) -> None:
    """Mails to as many other people, of whom nothing is heard."""
    mail = session.scalars(sa.select(Message).where(LEFT)).one()
    maria, address = session.execute(sa.select(Person, Address).join(Address)).one()
    for row, fresh in (
        (address, lambda n: {"email": f"p{n}@example.com"}),
        (maria, lambda n: {"email": f"p{n}@example.com", "address_id": address.id + n}),
        (
            mail,
            lambda n: {
                "email": f"p{n}@example.com",
                "person_id": maria.id + n,
                "occasion": mail.occasion + n,
            },
        ),
    ):
        session.execute(sa.insert(type(row)), [{**copied(row), **fresh(n)} for n in range(1, MANY)])


def copied(row: Any) -> dict[str, Any]:
    """Everything but what is unique of it."""
    mapper = sa.inspect(type(row))
    own = {"id", "message_id"}
    return {one.key: getattr(row, one.key) for one in mapper.column_attrs if one.key not in own}


Asked = list[tuple[str, Any]]


@contextmanager
def asked_of(engine: Engine) -> Iterator[Asked]:
    """Statements with their values, as the database gets them."""
    asked: Asked = []

    def note(_c: Any, _cur: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def plans_of(session: Session, engine: Engine, cast: Cast) -> str:
    """How the database would go through the mails for one report and one answer."""
    with asked_of(engine) as asked:
        found = found_for(session, cast, MARIA, "stranger@example.com", threads=("T1",))
    assert found.by_recipient.keys() == {MARIA} and found.by_thread.keys() == {"T1"}
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    mails = [one for one in asked if "FROM message" in one[0]]
    plans = [
        session.connection().exec_driver_sql(f"{explain} {text}", values).all() for text, values in mails
    ]
    return "\n".join(str(row) for plan in plans for row in plan)
