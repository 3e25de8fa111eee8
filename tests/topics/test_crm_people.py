"""What the CRM is told of mails, replies and calls; opting out on either side; people who come from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.crm.accounts import account_of
from sales_campaigns.crm.adding import Signed, signature_of, take_addition
from sales_campaigns.crm.finding import bring_in
from sales_campaigns.crm.models import CrmAddition, CrmConnection
from sales_campaigns.crm.opting_out import refused_opt_outs
from sales_campaigns.enrollments.answers.opting_out import unsubscribe
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message
from sales_campaigns.people.importing import check_import, start_import
from sales_campaigns.people.models import Address, Person, SubscriptionChange
from sales_campaigns.people.unsubscribing import resubscribe
from sales_campaigns.ports.crm import PeopleBy
from sales_campaigns.tasks.changing import prioritise_many
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import remind
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.process_jobs import import_job
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.crm import Synced, connect
from tests.incoming import a_raw_mail, taken_in
from tests.sink import Sink
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture
def there(clock: Any) -> Iterator[Salesforce]:
    with Salesforce(clock.now) as there:
        yield there


@pytest.fixture
def synced(room: Any, work: Work, cast: Cast, there: Salesforce) -> Synced:
    crm_room = replace(room, crms=crms_at(there.url))
    logged = {"logs_mails": True, "logs_replies": True, "logs_calls": True}
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there, syncs_tasks=False, **logged)
    return Synced(crm_room, there, room.clock, connection_id)


def launched(uow: UnitOfWork, cast: Cast, *steps: Any) -> Person:
    person = a_person(uow, cast.ana)
    campaign = a_campaign(uow, cast.ana, list(steps))
    launch(uow, cast.ana, Order(campaign.id, [person.id]))
    return person


def test_a_mail_that_left_is_logged_as_a_completed_task(
    synced: Synced, cast: Cast, work: Work, sink: Sink
) -> None:
    """The rule: e-mails are logged as completed Tasks with the campaign fields."""
    contact = synced.there.person("maria@example.com")
    with work() as uow:
        uow.session.get_one(CrmConnection, synced.connection_id).names = {"campaign": "Campaign__c"}
        launched(uow, cast, a_mail(uow, 1))
    synced.everything()
    (row,) = synced.there.there("Task")
    told = {name: row.fields[name] for name in ("Subject", "Status", "WhoId", "Type", "Campaign__c")}
    assert told == {
        "Subject": "Quick question, Maria",
        "Status": "Completed",
        "WhoId": contact,
        "Type": "Email",
        "Campaign__c": "Q4 outreach",
    }


def test_a_reply_is_logged_under_its_own_subject(synced: Synced, cast: Cast, work: Work, sink: Sink) -> None:
    """The rule: subject "Reply: …", not the pattern."""
    with work() as uow:
        launched(uow, cast, a_mail(uow, 1))
    synced.everything()
    with work() as uow:
        answers = uow.session.scalars(sa.select(Message.message_id)).one()
    taken_in(work, cast, a_raw_mail(answers=answers))
    synced.everything()
    subjects = {str(row.fields["Subject"]): row.fields["Type"] for row in synced.there.there("Task")}
    assert subjects.keys() == {"Quick question, Maria", "Reply: Re: Quick question, Maria"}
    assert set(subjects.values()) == {"Email", "Reply"}


def test_a_call_that_was_made_is_logged_with_its_outcome(synced: Synced, cast: Cast, work: Work) -> None:
    with work() as uow:
        launched(uow, cast, a_call(1))
    synced.everything()
    assert synced.there.neutral() == {}
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        complete_task(uow, cast.ana, task, outcome="Connected")
    synced.everything()
    (row,) = synced.there.there("Task")
    assert (row.fields["Status"], row.fields["CallDisposition"]) == ("Completed", "Connected")


def test_nothing_is_logged_until_somebody_says_so(
    room: Any, work: Work, cast: Cast, there: Salesforce, sink: Sink
) -> None:
    crm_room = replace(room, crms=crms_at(there.url))
    with work() as uow:
        connection_id = connect(uow, crm_room, cast, there, syncs_tasks=False)
        launched(uow, cast, a_mail(uow, 1))
    Synced(crm_room, there, room.clock, connection_id).everything()
    assert there.neutral() == {}


def test_opting_out_here_is_told_at_once(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: opt-out pushed at once."""
    synced.there.person("maria@example.com")
    synced.round()
    with work() as uow:
        unsubscribe(uow, cast.ana, a_person(uow, cast.ana))
    synced.later(minutes=1)
    synced.round()
    assert synced.there.opted_out("maria@example.com")


def test_an_opt_out_that_is_refused_there_holds_nothing_up(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: each failed write is shown. It is tried again the next night."""
    id = synced.there.person("maria@example.com")
    synced.there.refused[id] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ask legal")
    synced.round()
    with work() as uow:
        unsubscribe(uow, cast.ana, a_person(uow, cast.ana))
    synced.later(minutes=1)
    synced.round()
    with work() as uow:
        (told,) = refused_opt_outs(uow.session, uow.session.get_one(CrmConnection, synced.connection_id))
    assert told.trouble == "FIELD_CUSTOM_VALIDATION_EXCEPTION: Ask legal"
    assert synced.connection().trouble == ""
    synced.there.refused.clear()
    synced.later(hours=25)
    synced.round()
    assert synced.there.opted_out("maria@example.com")


def test_opting_out_there_ends_every_campaign_here(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: opt-out both ways, wins on either side; ends all enrolments of the person at once."""
    synced.there.person("maria@example.com")
    with work() as uow:
        launched(uow, cast, a_call(1))
    synced.everything()
    synced.later(hours=1)
    synced.there.opt_out("maria@example.com")
    synced.later(minutes=10)
    synced.everything()
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is not None
        assert uow.session.scalars(sa.select(SubscriptionChange.source)).one() == "crm"
        assert uow.session.scalars(sa.select(Enrollment.state)).one() is EnrollmentState.ENDED


def test_every_night_both_sides_are_compared(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: reconciled nightly. Whoever came in here later had opted out there long ago."""
    synced.there.person("maria@example.com", opted_out=True)
    for _ in range(2):
        synced.later(hours=1)
        synced.round()
    with work() as uow:
        a_person(uow, cast.ana)
    synced.round()
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is None
    synced.later(hours=24)
    synced.round()
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is not None


def test_whoever_is_let_in_again_on_both_sides_stays_in(synced: Synced, cast: Cast, work: Work) -> None:
    """The rule: letting somebody in again never crosses over; it is done on both sides."""
    synced.there.person("maria@example.com", opted_out=True)
    with work() as uow:
        person = a_person(uow, cast.ana)
    synced.round()
    (row,) = synced.there.there("Contact")
    row.fields["HasOptedOutOfEmail"] = False
    with work() as uow:
        resubscribe(uow, cast.cleo, uow.session.get_one(Person, person.id), "asked for it")
    for _ in range(2):
        synced.later(hours=25)
        synced.round()
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is None
        unsubscribe(uow, cast.ana, uow.session.get_one(Person, person.id))
    synced.later(hours=25)
    synced.round()
    assert synced.there.opted_out("maria@example.com")


def test_people_of_a_list_come_in_by_the_import_and_keep_their_id(
    synced: Synced, cast: Cast, work: Work, tmp_path: Path
) -> None:
    """The rule: people imported from a list view, report or SOQL; whoever opted out there is left out."""
    id = synced.there.person("maria@example.com", FirstName="Maria", Company="Fjord")
    synced.there.person("nils@example.com", opted_out=True)
    crm = crms_at(synced.there.url).open(_account(synced))
    for by, what in (
        (PeopleBy.LIST, "Contact/00B1"),
        (PeopleBy.QUERY, "SELECT Id FROM Contact WHERE Email != null"),
    ):
        found = crm.find_people(by, [what])
        assert len(found) == 2
    with work() as uow:
        connection = uow.session.get_one(CrmConnection, synced.connection_id)
        made, left_out = bring_in(uow, cast.ana, connection, tmp_path / "uploads", found, "list")
        check_import(uow, cast.ana, made.id)
    assert left_out == 1
    job = import_job(tmp_path / "uploads")
    while keys := job.find(synced.room):
        for key in keys:
            job.do(synced.room, key)
    with work() as uow:
        start_import(uow, cast.ana, made.id)
    while keys := job.find(synced.room):
        for key in keys:
            job.do(synced.room, key)
    with work() as uow:
        person = uow.session.scalars(sa.select(Person)).one()
        assert (person.first_name, person.company, person.custom) == ("Maria", "Fjord", {"salesforce_id": id})


@pytest.mark.parametrize("query", ["DELETE FROM Lead", "SELECT Name FROM Account", ""])
def test_a_query_that_is_not_of_people_is_refused(synced: Synced, query: str) -> None:
    with pytest.raises(Invalid):
        crms_at(synced.there.url).open(_account(synced)).find_people(PeopleBy.QUERY, [query])


WRITES: dict[str, Callable[[UnitOfWork, User, Task], object]] = {
    "a move of one": lambda uow, ana, task: uow.move(TASK, task, "skip"),
    "a move of many": lambda uow, ana, task: move_many(uow.session, TASK, Task, "skip", Task.id == task.id),
    "a statement": lambda uow, ana, task: prioritise_many(uow, ana, [task], Priority.HIGH),
    "an attribute": lambda uow, ana, task: setattr(task, "details", "new"),
    "many rows at once": lambda uow, ana, task: uow.session.execute(
        sa.update(Task), [{"id": task.id, "details": "new"}]
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_statement_that_writes_a_task_marks_it(work: Work, cast: Cast, write: str) -> None:
    """The rule: the outbox learns of a change in the same transaction, whoever wrote the statement."""
    with work() as uow:
        task = remind(uow, cast.ana, name="Ask", due_at=uow.now, kind=TaskKind.CUSTOM)
        uow.session.flush()
        assert uow.session.scalar(sa.select(Task.unseen)) is True
        uow.session.execute(sa.update(Task).values(unseen=False))
    with work() as uow:
        WRITES[write](uow, cast.ana, uow.session.get_one(Task, task.id))
    with work() as uow:
        assert uow.session.scalar(sa.select(Task.unseen)) is True


def _account(synced: Synced) -> Any:
    return account_of(synced.connection(), synced.room.seal)


@pytest.fixture
def key(synced: Synced) -> str:
    return str(synced.room.seal.open(synced.connection().signing_key))


def signed(key: str, at: datetime = NOW, **said: Any) -> Signed:
    body = json.dumps({"user": "ana@north.example", "ids": ["003000000000001"], **said}).encode()
    stamp = str(int(at.timestamp()))
    return Signed(stamp, signature_of(key, stamp, body), body)


def test_rows_that_a_rep_chose_there_are_kept_once(synced: Synced, work: Work, key: str, cast: Cast) -> None:
    """The rule: bulk add to a campaign from Salesforce."""
    for _ in range(2):
        with work() as uow:
            take_addition(uow, synced.room.seal, synced.connection_id, signed(key), NOW)
    with work() as uow:
        row = uow.session.scalars(sa.select(CrmAddition)).one()
        assert (row.user_id, row.crm_ids) == (cast.ana.id, ["003000000000001"])


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        (lambda one: replace(one, body=one.body + b" "), NotAllowed),
        (lambda one: replace(one, at=str(int(one.at) + 1)), NotAllowed),
        (lambda one: replace(one, signature="0" * 64), NotAllowed),
    ],
)
def test_what_was_not_signed_like_this_is_refused(
    synced: Synced, work: Work, key: str, changed: Any, refusal: type[Exception]
) -> None:
    with work() as uow, pytest.raises(refusal):
        take_addition(uow, synced.room.seal, synced.connection_id, changed(signed(key)), NOW)


@pytest.mark.parametrize(
    "said", [{"ids": []}, {"ids": ["1"] * 201}, {"user": "dirk@south.example"}, {"campaign": 99}]
)
def test_what_makes_no_sense_is_refused(synced: Synced, work: Work, key: str, said: dict[str, Any]) -> None:
    """The rule: at most 200, of one's own team."""
    with work() as uow, pytest.raises(Invalid):
        take_addition(uow, synced.room.seal, synced.connection_id, signed(key, **said), NOW)


def test_a_signature_is_good_for_five_minutes(synced: Synced, work: Work, key: str) -> None:
    for late, refusal in ((timedelta(minutes=6), NotAllowed), (timedelta(0), NotFound)):
        connection_id = synced.connection_id + (refusal is NotFound)
        with work() as uow, pytest.raises(refusal):
            take_addition(uow, synced.room.seal, connection_id, signed(key), NOW + late)
