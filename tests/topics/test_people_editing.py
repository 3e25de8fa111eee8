"""Adding, changing and deleting people and groups by hand."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.people.editing import change_person, create_person, delete_people, restore_people
from sales_campaigns.people.groups import (
    add_to_group,
    change_group,
    create_group,
    delete_group,
    ensure_group,
    group_of,
    groups_of,
)
from sales_campaigns.people.listing import Wanted, groups_with, people_page, person_of
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast, a_person
from tests.conftest import Work


def _kinds(uow: UnitOfWork) -> list[str]:
    return list(uow.session.scalars(sa.select(Activity.kind).order_by(Activity.id)))


def test_it_adds_a_person_of_the_actors_team_and_notes_it(work: Work, cast: Cast) -> None:
    with work() as uow:
        person = create_person(uow, cast.ana, {"email": " Maria@Bücher.example ", "first_name": "Maria"})
        assert (person.team_id, person.owner_id) == (cast.ana.team_id, cast.ana.id)
        assert person.email == "Maria@bücher.example"
        assert uow.session.scalars(sa.select(Address.email)).one() == "maria@xn--bcher-kva.example"
        assert _kinds(uow) == ["person.created"]


def test_it_refuses_an_address_that_the_team_has_but_not_one_of_another_team(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "maria@example.com")
        with pytest.raises(Invalid, match="Maria Santos of your team has this address already"):
            create_person(uow, cast.ben, {"email": "MARIA@example.com"})
        assert create_person(uow, cast.dirk, {"email": "maria@example.com"}).team_id == cast.dirk.team_id


def test_it_brings_somebody_deleted_back_when_they_are_added_again(work: Work, cast: Cast) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@bücher.example")
        assert maria.address is not None
        maria.address.email = "maria@xn--bcher-kva.example"
        uow.session.flush()
        delete_people(uow, cast.ana, [maria.id])
    with work() as uow:
        back = create_person(uow, cast.ben, {"email": "maria@bücher.example", "title": "CEO"})
        assert (back.id, back.deleted_at, back.owner_id, back.title) == (maria.id, None, cast.ben.id, "CEO")


@pytest.mark.parametrize("typed", [{}, {"email": "", "first_name": "Maria"}])
def test_it_wants_some_way_to_reach_a_person(work: Work, cast: Cast, typed: dict[str, str]) -> None:
    with work() as uow, pytest.raises(Invalid, match="no e-mail address, phone number or LinkedIn URL"):
        create_person(uow, cast.ana, typed)


def test_it_tells_every_problem_at_once(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(Invalid) as refused:
        typed = {"email": "wrong", "zone": "Mars/Olympus", "linkedin_url": "x.example", "title": "T" * 201}
        create_person(uow, cast.ana, typed, {"note": "x" * 2001})
    assert set(refused.value.problems) == {"email", "zone", "linkedin_url", "title", "custom:note"}


def test_it_changes_what_is_given_and_leaves_the_rest(work: Work, cast: Cast) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com", title="CFO", custom={"tier": "Gold"})
        change_person(uow, cast.ben, maria.id, {"title": "", "email": "mary@example.com"})
    with work() as uow:
        maria = person_of(uow.session, cast.ana, maria.id)
        assert (maria.title, maria.first_name, maria.custom) == ("", "Maria", {"tier": "Gold"})
        assert maria.address is not None and maria.address.email == "mary@example.com"
        noted = uow.session.scalars(sa.select(Activity).where(Activity.kind == "person.changed")).one()
        assert (noted.person_id, noted.data) == (maria.id, {"fields": ["email", "title"]})


def test_it_leaves_the_fate_of_an_address_with_the_address(work: Work, cast: Cast) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com")
        assert maria.address is not None
        maria.address.opted_out_at = uow.now
        change_person(uow, cast.ana, maria.id, {"email": "new@example.com"})
        change_person(uow, cast.ana, maria.id, {"email": "Maria@Example.com"})
    with work() as uow:
        again = person_of(uow.session, cast.ana, maria.id)
        assert again.address is not None and again.address.opted_out_at is not None


def test_it_deletes_and_restores_only_the_teams_people(work: Work, cast: Cast) -> None:
    with work() as uow:
        ours, theirs = a_person(uow, cast.ana), a_person(uow, cast.dirk, "d@example.com")
        assert delete_people(uow, cast.ben, [ours.id, theirs.id]) == [ours.id]
        assert delete_people(uow, cast.ben, [ours.id]) == []
        with pytest.raises(NotFound):
            person_of(uow.session, cast.ana, ours.id)
        assert people_page(uow.session, cast.ana, Wanted()).total == 0
        assert restore_people(uow, cast.ana, [ours.id]) == [ours.id]
        assert delete_people(uow, cast.cleo, [theirs.id]) == [theirs.id]
        assert _kinds(uow) == ["person.deleted", "person.restored", "person.deleted"]


def test_a_group_is_private_until_it_is_shared(work: Work, cast: Cast) -> None:
    with work() as uow:
        group = create_group(uow, cast.ana, "  Fair   2026 ")
        assert group.name == "Fair 2026"
        for nosy in (cast.ben, cast.dirk):
            with pytest.raises(NotFound):
                group_of(uow.session, nosy, group.id)
        change_group(uow, cast.ana, group.id, name="Fair 2026", shared=True)
        assert group_of(uow.session, cast.ben, group.id).id == group.id
        with pytest.raises(NotFound):
            group_of(uow.session, cast.dirk, group.id)
        with pytest.raises(NotAllowed, match="Only its owner or an administrator"):
            delete_group(uow, cast.ben, group.id)
        delete_group(uow, cast.cleo, group.id)
        uow.session.flush()
        assert groups_of(uow.session, cast.ana) == []


def test_a_group_takes_each_of_the_teams_people_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        ours, theirs = a_person(uow, cast.ana), a_person(uow, cast.dirk, "d@example.com")
        group = create_group(uow, cast.ana, "Fair")
        assert add_to_group(uow, cast.ana, group.id, [ours.id, ours.id, theirs.id, 999]) == 1
        assert add_to_group(uow, cast.ana, group.id, [ours.id]) == 0
        assert [line.people for line in groups_of(uow.session, cast.ana)] == [1]
        assert [found.name for found in groups_with(uow.session, cast.ana, ours.id)] == ["Fair"]
        assert groups_with(uow.session, cast.ben, ours.id) == []
        delete_people(uow, cast.ana, [ours.id])
        assert [line.people for line in groups_of(uow.session, cast.ana)] == [0]


def test_a_group_of_somebody_else_does_not_serve_by_its_name(work: Work, cast: Cast) -> None:
    with work() as uow:
        mine = ensure_group(uow, cast.ana, "Fair")
        assert ensure_group(uow, cast.ana, " Fair ").id == mine.id
        with pytest.raises(Invalid, match="There is a group called “Fair” already"):
            ensure_group(uow, cast.ben, "Fair")


def test_search_takes_signs_as_they_are_and_wants_every_word(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com", first_name="Åsa", company="100% Sure")
        a_person(uow, cast.ana, "b@example.com", first_name="Bo", company="1000 Sure")

        def found(words: str) -> list[str]:
            lines = people_page(uow.session, cast.ana, Wanted(words=words)).lines
            return sorted(line.person.first_name for line in lines)

        assert found("100%") == ["Åsa"]
        assert found("sure bo") == ["Bo"]
        assert found("SANTOS") == ["Bo", "Åsa"]
        assert found("åsa") == found("ÅSA") == ["Åsa"]
        assert found("_") == []


def test_pages_follow_each_other_though_names_are_alike(work: Work, cast: Cast) -> None:
    with work() as uow:
        ids = {a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(7)}
        seen: list[int] = []
        after = ""
        while True:
            part = people_page(uow.session, cast.ana, Wanted(), after=after, limit=2)
            seen += [line.person.id for line in part.lines]
            after = part.after
            if not after:
                break
        assert len(seen) == 7 and set(seen) == ids
        assert people_page(uow.session, cast.ana, Wanted(), after="x").lines
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 7
