"""Erasure: what is known of a person goes, figures stay, and the address is never mailed again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.activity import Activity
from sales_campaigns.addresses import check_address
from sales_campaigns.analytics.periods import last_days
from sales_campaigns.analytics.reading import figures_of_team
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.content.attachments import Upload
from sales_campaigns.content.bundles import gather
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.enrollments.answers.opting_out import unsubscribe
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.erasure.erasing import erase
from sales_campaigns.erasure.traces import TRACES
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Draft, Message, MessageState
from sales_campaigns.people.address_rows import ensure_addresses
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.models import Address, ErasedAddress, ErasureKey, Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.schema import METADATA
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_raw_mail, answered, taken_in
from tests.outgoing import due_mails
from tests.sink import Sink

EMAIL = "zebulonia@quistworks.example"
SENDER = f"Zebulonia Quist <{EMAIL}>"
# No other row of the test holds any of these, in any writing.
WORDS = ("zebulonia", "quist", "xanadu", "grandmother")


@pytest.fixture
def known(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> int:
    """Zebulonia got a mail and answered; there are notes, a draft with a file, a task and a colleague's record."""
    due_mails(work, cast, EMAIL, "other@example.com", later_steps=1)
    with work() as uow:
        person = person_with(uow.session, EMAIL)
        person.first_name, person.last_name, person.company = "Zebulonia", "Quist", "Xanadu Works"
        person.pinned_note, person.custom = "Loves her grandmother", {"fact": "Grandmother is 99"}
    run_until_quiet(room)
    with work() as uow:
        number = person_with(uow.session, EMAIL).id
        mail = uow.session.scalars(sa.select(Message.message_id).where(Message.email == EMAIL)).first()
    answered(work, cast, room, a_raw_mail("My grandmother says yes", sender=SENDER, answers=mail))
    with work() as uow:
        surround(uow, cast, number)
    return number


def surround(uow: Any, cast: Cast, number: int) -> None:
    """What the product writes about people beside their campaign."""
    person = uow.session.get_one(Person, number)
    upload = Upload("grandmother.txt", "text/plain", b"grandmother")
    files = gather(uow, cast.ana, person.team_id, None, [upload])
    uow.session.add(
        Draft(
            team_id=person.team_id,
            owner_id=cast.ana.id,
            person_id=number,
            key="k",
            subject="For Zebulonia",
            bundle_id=files,
            changed_at=uow.now,
        )
    )
    dirk = {name: getattr(person, name) for name in ("address_id", "email", "first_name", "last_name")}
    uow.session.add(
        Person(
            team_id=cast.dirk.team_id, owner_id=cast.dirk.id, created_at=uow.now, changed_at=uow.now, **dirk
        )
    )
    uow.session.add(
        Task(
            team_id=person.team_id,
            assignee_id=cast.ana.id,
            person_id=number,
            kind=TaskKind.CUSTOM,
            name="Ask Zebulonia",
            note="About her grandmother",
            due_at=uow.now,
            created_at=uow.now,
        )
    )
    unsubscribe(uow, cast.ana, person, "says her grandmother")


def person_with(session: Session, email: str) -> Person:
    return session.scalars(
        sa.select(Person)
        .join(Address, Address.id == Person.address_id)
        .where(Address.email == email)
        .limit(1)
    ).one()


def everything(session: Session) -> dict[str, list[str]]:
    """Table → its rows as text, bytes read as text."""
    told: dict[str, list[str]] = {}
    for table in METADATA.sorted_tables:
        for row in session.execute(sa.select(table)):
            cells = (
                cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row
            )
            told.setdefault(table.name, []).append(" | ".join(cells).lower())
    return told


def holding(session: Session, *words: str) -> set[str]:
    return {
        table
        for table, rows in everything(session).items()
        if any(one in row for one in words for row in rows)
    }


def test_what_is_known_of_a_person_goes_from_every_table(work: Work, cast: Cast, known: int) -> None:
    with work() as uow:
        before = holding(uow.session, *WORDS)
    assert {"person", "address", "message", "received_mail", "activity", "draft", "task"} <= before
    with work() as uow:
        erased = erase(uow, cast.cleo, person_id=known)
    assert (erased.people, erased.received) == (2, 1) and erased.mails >= 1 and erased.tasks >= 1
    with work() as uow:
        assert holding(uow.session, *WORDS) == set()


def test_figures_stay_equal(work: Work, cast: Cast, known: int) -> None:
    def shown() -> Any:
        with work() as uow:
            deliveries = uow.session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
            period = last_days(uow.now.date(), 30)
            team = figures_of_team(uow.session, cast.cleo, period)
            return asdict(team), [asdict(figures_of(uow.session, one)) for one in deliveries]

    before = shown()
    with work() as uow:
        erase(uow, cast.cleo, email=EMAIL)
    assert shown() == before


def test_the_address_stays_suppressed_and_an_import_does_not_bring_it_back_to_be_mailed(
    work: Work, cast: Cast, known: int
) -> None:
    with work() as uow:
        erase(uow, cast.cleo, person_id=known)
    with work() as uow:
        again = create_person(uow, cast.ana, {"email": EMAIL.upper(), "first_name": "Z"})
        assert again.id != known
    with work() as uow:
        cause = why_not(uow.session, again.id)
        assert cause is not None and cause.name == "erased"
        campaign = uow.session.scalars(sa.select(Campaign.id)).first()
        assert campaign is not None
        with pytest.raises(Invalid, match="Nobody of these"):
            launch(uow, cast.ana, Order(campaign, [again.id]))


def test_only_a_keyed_hash_is_kept(work: Work, cast: Cast, known: int) -> None:
    with work() as uow:
        erase(uow, cast.cleo, person_id=known)
    with work() as uow:
        kept = uow.session.scalars(sa.select(ErasedAddress)).one()
        key = uow.session.scalars(sa.select(ErasureKey)).one()
        assert len(kept.digest) == 64 and EMAIL not in key.sealed
        uow.session.info["seal"] = type(uow.session.info["seal"])("another secret than before")
        with pytest.raises(IllegalMove, match="SECRET_KEY_OLD"):
            ensure_addresses(uow.session, [check_address("new@example.com")])


def test_what_waits_is_called_off_in_the_same_transaction(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, EMAIL, later_steps=2)
    with work() as uow:
        erase(uow, cast.cleo, email=EMAIL)
    run_until_quiet(room)
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Message.state))) == {MessageState.CANCELLED}
        assert uow.session.scalars(sa.select(Enrollment.state)).one().value == "ended"
        assert not uow.session.scalars(sa.select(Task.id).where(Task.state == TaskState.OPEN)).all()
    assert sink.caught == []


def test_nothing_is_erased_while_a_mail_is_being_handed_over(work: Work, cast: Cast) -> None:
    due_mails(work, cast, EMAIL)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state=MessageState.SENDING))
    with pytest.raises(IllegalMove, match="being handed over"), work() as uow:
        erase(uow, cast.cleo, email=EMAIL)


def test_a_later_answer_to_an_old_mail_is_nobodys(work: Work, cast: Cast, known: int) -> None:
    with work() as uow:
        names = [*uow.session.scalars(sa.select(Message.message_id).where(Message.person_id == known))]
        erase(uow, cast.cleo, person_id=known)
    assert taken_in(work, cast, a_raw_mail("One more word", sender=SENDER, answers=names[0]))[1:] == []
    with work() as uow:
        assert holding(uow.session, *WORDS) == set()


def test_a_rep_s_own_words_for_one_mail_go_and_those_of_a_step_stay(
    work: Work, cast: Cast, known: int
) -> None:
    with work() as uow:
        shared = uow.session.scalars(sa.select(Message.wording_id).where(Message.email == EMAIL)).first()
        own = wording_of(uow.session, "Hello", "<p>Only for you</p>")
        last = sa.select(sa.func.max(Message.id)).where(Message.email == EMAIL).scalar_subquery()
        uow.session.execute(sa.update(Message).where(Message.id == last).values(wording_id=own.id))
        uow.session.flush()
        erase(uow, cast.cleo, person_id=known)
    with work() as uow:
        assert holding(uow.session, "only for you") == set()
        assert shared is not None and holding(uow.session, "quick question") >= {"wording"}


def test_the_audit_log_says_who_and_when_without_the_data(work: Work, cast: Cast, known: int) -> None:
    with work() as uow:
        erase(uow, cast.cleo, person_id=known)
        at = uow.now
    with work() as uow:
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "person.erased")).all()
        assert {(one.actor_id, one.at) for one in told} == {(cast.cleo.id, at)} and len(told) == 2
        assert all(isinstance(value, int) for one in told for value in one.data.values())


def test_only_administrators_of_the_installation_erase_and_only_once(
    work: Work, cast: Cast, known: int
) -> None:
    with pytest.raises(NotAllowed), work() as uow:
        erase(uow, cast.ana, person_id=known)
    with work() as uow:
        erase(uow, cast.cleo, person_id=known)
    for who in ({"person_id": known}, {"email": EMAIL}, {"email": "nobody"}):
        with pytest.raises(NotFound), work() as uow:
            erase(uow, cast.cleo, **who)


def test_somebody_without_an_address_is_erased_too(work: Work, cast: Cast) -> None:
    with work() as uow:
        number = a_person(uow, cast.ana, "", first_name="Zebulonia", phone="+46 70 1").id
    with work() as uow:
        erase(uow, cast.cleo, person_id=number)
    with work() as uow:
        assert holding(uow.session, *WORDS) == set()


def test_whatever_leads_to_a_person_is_looked_at() -> None:
    """A table that leads to a person, an address, a message, a task or an enrollment says what erasing leaves."""
    leads = {"person", "address", "message", "task", "enrollment"}
    found = {
        table.name
        for table in METADATA.tables.values()
        for column in table.columns
        if column.name in {"person_id", "address_id"}
        or any(key.column.table.name in leads for key in column.foreign_keys)
    }
    assert found <= {trace.table for trace in TRACES}
