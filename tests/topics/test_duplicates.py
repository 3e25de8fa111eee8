"""The same person twice: found by what two share, made one, with everything that belongs to either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.crm.models import CrmConnection, CrmContact
from sales_campaigns.deliveries.models import Exclusion
from sales_campaigns.enrollments.duplicates.finding import probable_duplicates
from sales_campaigns.enrollments.duplicates.merging import merge_people
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Comeback, Enrollment
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.people.groups import add_to_group, create_group
from sales_campaigns.people.models import Address, GroupMember, Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.people.unsubscribing import BY_LINK, opt_out
from sales_campaigns.tasks.models import Task, TaskKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


@pytest.fixture
def pair(uow: UnitOfWork, cast: Cast) -> tuple[Person, Person]:
    kept = a_person(uow, cast.ana, "maria@example.com", custom={"size": "L", "city": "Oslo"})
    gone = a_person(
        uow, cast.ben, "m.santos@example.com", title="CFO", phone="+47 1", custom={"city": "Bergen"}
    )
    return kept, gone


@pytest.mark.parametrize(
    ("one", "other", "shares"),
    [
        (
            {"linkedin_url": "https://l.example/Maria/"},
            {"linkedin_url": "https://l.example/maria"},
            "LinkedIn page",
        ),
        ({"phone": "+47 12-34"}, {"phone": "+471234"}, "phone number"),
        ({"company": "FJORD Energy"}, {}, "name and company"),
        ({"first_name": "Nils"}, {}, None),
        ({"last_name": ""}, {"last_name": ""}, None),
    ],
)
def test_they_are_found_by_what_they_share(
    uow: UnitOfWork, cast: Cast, one: dict[str, str], other: dict[str, str], shares: str | None
) -> None:
    names = {"first_name": "Maria"} if shares in {None, "name and company"} else {"company": ""}
    a_person(uow, cast.ana, "a@example.com", **{**names, **one})
    a_person(uow, cast.ana, "b@example.com", **{**names, **other})
    a_person(uow, cast.dirk, "c@example.com", **{**names, **other})
    found = probable_duplicates(uow.session, cast.ana)
    assert [(one.shares, len(one.people)) for one in found] == ([(shares, 2)] if shares else [])


def test_two_addresses_of_one_record_in_the_crm_are_one_person(uow: UnitOfWork, cast: Cast) -> None:
    names = ("Maria", "Masha", "Other", "Nobody")
    people = [a_person(uow, cast.ana, f"{name.lower()}@example.com", first_name=name) for name in names]
    there = CrmConnection(team_id=cast.ana.team_id, vendor="hubspot", look_at=uow.now, created_at=uow.now)
    uow.session.add(there)
    uow.session.flush()
    for person, crm_id in zip(people, ("003A", "003A", "003B", ""), strict=True):
        uow.session.add(
            CrmContact(connection_id=there.id, email=person.email, crm_id=crm_id, asked_at=uow.now)
        )
    a_person(uow, cast.dirk, "masha@example.org")
    (found,) = probable_duplicates(uow.session, cast.ana)
    assert (found.shares, [person.first_name for person in found.people]) == (
        "record in the CRM",
        ["Maria", "Masha"],
    )


def test_who_was_deleted_is_no_duplicate_and_a_pair_is_told_once(uow: UnitOfWork, cast: Cast) -> None:
    for n in range(2):
        a_person(uow, cast.ana, f"{n}@example.com", phone="1", linkedin_url="https://l.example/m")
    assert [one.shares for one in probable_duplicates(uow.session, cast.ana)] == ["LinkedIn page"]
    uow.session.execute(sa.update(Person).where(Person.email == "0@example.com").values(deleted_at=uow.now))
    assert probable_duplicates(uow.session, cast.ana) == []


def test_field_by_field_what_was_chosen_stays(
    uow: UnitOfWork, cast: Cast, pair: tuple[Person, Person]
) -> None:
    kept, gone = pair
    gone_id = gone.id
    person = merge_people(uow, cast.ana, kept.id, gone.id, {"title", "owner_id", "email"})
    assert (person.title, person.owner_id, person.email) == ("CFO", cast.ben.id, "m.santos@example.com")
    assert person.custom == {"size": "L", "city": "Oslo"} and person.phone == ""
    assert uow.session.get(Person, gone_id) is None
    told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "person.merged")).one()
    assert (told.person_id, told.data["email"]) == (kept.id, "m.santos@example.com")


def test_history_mails_tasks_groups_and_enrollments_move(
    uow: UnitOfWork, cast: Cast, pair: tuple[Person, Person]
) -> None:
    kept, gone = pair
    campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
    launch(uow, cast.ben, Order(campaign.id, [gone.id]))
    task = Task(team_id=gone.team_id, assignee_id=cast.ben.id, person_id=gone.id, kind=TaskKind.CALL, name="Call",
                source="reminder", due_at=uow.now, created_at=uow.now)  # fmt: skip
    uow.session.add(task)
    both, theirs = (create_group(uow, cast.ana, name).id for name in ("Both", "Theirs"))
    add_to_group(uow, cast.ana, both, [kept.id, gone.id])
    add_to_group(uow, cast.ana, theirs, [gone.id])
    uow.record("person.note_noted", team_id=gone.team_id, person_id=gone.id)
    merge_people(uow, cast.ana, kept.id, gone.id)
    (enrollment,) = uow.session.scalars(sa.select(Enrollment))
    (mail,) = uow.session.scalars(sa.select(Message))
    assert enrollment.person_id == mail.person_id == task.person_id == kept.id
    assert enrollment.email == mail.email == "maria@example.com"
    assert sorted(uow.session.scalars(sa.select(GroupMember.group_id))) == [both, theirs]
    assert set(uow.session.scalars(sa.select(Activity.person_id).where(Activity.person_id.is_not(None)))) == {
        kept.id
    }


def test_one_active_enrollment_of_a_campaign_survives_and_the_other_ends_as_merged(
    uow: UnitOfWork, cast: Cast, pair: tuple[Person, Person]
) -> None:
    kept, gone = pair
    campaign = a_campaign(uow, cast.ana, [a_call(1)])
    for person in (gone, kept):
        person.owner_id = cast.ana.id
        launch(uow, cast.ana, Order(campaign.id, [person.id]))
        about = {"team_id": kept.team_id, "campaign_id": campaign.id, "user_id": cast.ana.id}
        uow.session.add(Comeback(person_id=person.id, due_at=uow.now, **about))
    delivery = a_delivery(uow, cast.cleo)
    for person in (kept, gone):
        uow.session.add(
            Exclusion(delivery_id=delivery.id, occasion=0, person_id=person.id, cause="opted_out", at=uow.now)
        )
    uow.session.flush()
    merge_people(uow, cast.ana, kept.id, gone.id)
    found = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id))
    states = [(one.person_id, one.state.value, one.why) for one in found]
    assert states == [(kept.id, "ended", "merged"), (kept.id, "active", "")]
    assert [one.outcome != "" for one in uow.session.scalars(sa.select(Comeback).order_by(Comeback.id))] == [
        True,
        False,
    ]


@pytest.mark.parametrize("whose", [0, 1])
@pytest.mark.parametrize("taken", [set(), {"email"}])
def test_nobody_loses_an_opt_out(
    uow: UnitOfWork, cast: Cast, pair: tuple[Person, Person], whose: int, taken: set[str]
) -> None:
    """Whichever of the two addresses refused, and whichever is kept: no mail, and every campaign ends."""
    kept, gone = pair
    campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
    kept.owner_id = cast.ana.id
    launch(uow, cast.ana, Order(campaign.id, [kept.id]))
    opt_out(uow, [pair[whose].address_id or 0], source=BY_LINK)
    merge_people(uow, cast.ana, kept.id, gone.id, taken)
    cause = why_not(uow.session, kept.id)
    assert cause is not None and cause.name == "opted_out"
    assert {one.opted_out_at is not None for one in uow.session.scalars(sa.select(Address))} == {True}
    (enrollment,) = uow.session.scalars(sa.select(Enrollment))
    assert enrollment.state == "ended" and enrollment.why.startswith("unsubscribed")


def test_it_refuses_one_alone_another_team_and_nobody_to_reach(
    uow: UnitOfWork, cast: Cast, pair: tuple[Person, Person]
) -> None:
    kept, gone = pair
    with pytest.raises(Invalid, match="two people"):
        merge_people(uow, cast.ana, kept.id, kept.id)
    with pytest.raises(NotFound):
        merge_people(uow, cast.dirk, kept.id, gone.id)
    by_phone = a_person(uow, cast.ana, "", phone="+47 2")
    with pytest.raises(Invalid, match="Keep an e-mail address"):
        merge_people(uow, cast.ana, kept.id, by_phone.id, {"email"})
    theirs = a_person(uow, cast.dirk, "x@example.com")
    with pytest.raises(Invalid, match="two people"):
        merge_people(uow, cast.cleo, kept.id, theirs.id)
