"""Saved searches of people as groups: whoever the search finds is in them, today and later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Team
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.audience import count_people
from sales_campaigns.deliveries.group_use import deliveries_to_group
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope, TypologyRule
from sales_campaigns.deliveries.typology.rules import rules_about_people
from sales_campaigns.enrollments.launches.choosing import members
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.groups import add_to_group, create_group, ensure_group, group_of, groups_of
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.people.models import Consent, Person
from sales_campaigns.people.searches import counts_of, kept_search, resolved, save_search, search_of
from sales_campaigns.people.suppression import first_cause
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


@pytest.fixture
def fjord(uow: UnitOfWork, cast: Cast) -> int:
    """The group of a search for Fjord: two people of Ana's, one of another company, one of Dirk's team."""
    a_person(uow, cast.ana, "one@example.com")
    a_person(uow, cast.ana, "two@example.com", title="CFO")
    a_person(uow, cast.ana, "other@example.com", company="Harbour")
    a_person(uow, cast.dirk, "dirks@example.com")
    return save_search(uow, cast.ana, "Fjord", Wanted(words="fjord")).id


def emails(uow: UnitOfWork, cast: Cast, wanted: Wanted) -> list[str]:
    found = people_page(uow.session, cast.ana, resolved(uow.session, wanted)).lines
    return sorted(line.person.email for line in found)


def test_its_members_are_whoever_it_finds_now(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    assert emails(uow, cast, Wanted(group_id=fjord)) == ["one@example.com", "two@example.com"]
    a_person(uow, cast.ana, "late@example.com")
    assert emails(uow, cast, Wanted(group_id=fjord, words="late")) == ["late@example.com"]
    groups = [line.group for line in groups_of(uow.session, cast.ana)]
    assert counts_of(uow.session, groups) == {fjord: 3}


def test_a_campaign_is_launched_to_it(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    campaign = a_campaign(uow, cast.ana, [a_call(1)])
    found = uow.session.scalars(
        sa.select(Person.email).where(Person.id.in_(members(uow.session, cast.ana, campaign, fjord)))
    )
    assert sorted(found) == ["one@example.com", "two@example.com"]


def test_a_delivery_goes_to_it_beside_lists_and_nobody_of_another_team(
    uow: UnitOfWork, cast: Cast, fjord: int
) -> None:
    harbour = create_group(uow, cast.ana, "Harbour").id
    other = uow.session.scalars(sa.select(Person.id).where(Person.company == "Harbour")).one()
    add_to_group(uow, cast.ana, harbour, [other])
    assert count_people(uow.session, Audience(groups=(fjord,)), cast.ana) == 2
    assert count_people(uow.session, Audience(groups=(fjord, harbour)), cast.ana) == 3
    assert count_people(uow.session, Audience(groups=(fjord,)), cast.cleo) == 2


def test_a_filtering_rule_leaves_out_whoever_it_finds(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    rule = TypologyRule(
        team_id=cast.ana.team_id,
        kind=RuleKind.FILTERING,
        name="No Fjord",
        details={"words": "", "group": fjord},
        changed_at=uow.now,
    )
    uow.session.add(rule)
    uow.session.flush()
    rules = rules_about_people(uow.session, cast.ana.team_id, "Any", RuleScope.DELIVERIES)
    query = sa.select(Person.email, first_cause(causes=rules)).outerjoin(Person.address)
    causes = {row[0]: row[1] for row in uow.session.execute(query.where(Person.team_id == cast.ana.team_id))}
    assert causes == {
        "one@example.com": f"rule_{rule.id}",
        "two@example.com": f"rule_{rule.id}",
        "other@example.com": None,
    }


def test_where_it_is_used_is_known_before_it_is_changed(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    group = group_of(uow.session, cast.ana, fjord)
    assert deliveries_to_group(uow.session, cast.ana, group.id) == []
    delivery = a_delivery(uow, cast.cleo, audience=Audience(groups=(fjord,)))
    (use,) = deliveries_to_group(uow.session, cast.ana, group.id)
    assert (use.id, use.name) == (delivery.id, delivery.name)


def test_nobody_is_put_into_it_by_hand(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    with pytest.raises(Invalid, match="saved search"):
        add_to_group(uow, cast.ana, fjord, [1])
    with pytest.raises(Invalid, match="already"):
        ensure_group(uow, cast.ana, "Fjord")


def test_it_is_private_unless_shared(uow: UnitOfWork, cast: Cast, fjord: int) -> None:
    with pytest.raises(NotFound):
        group_of(uow.session, cast.ben, fjord)
    shared = save_search(uow, cast.ana, "CFOs", Wanted(words="CFO"), shared=True)
    assert group_of(uow.session, cast.ben, shared.id).search == {"words": "CFO"}
    with pytest.raises(NotFound):
        group_of(uow.session, cast.dirk, shared.id)


def test_a_search_for_everybody_or_within_another_saved_one_is_refused(
    uow: UnitOfWork, cast: Cast, fjord: int
) -> None:
    with pytest.raises(Invalid, match="Narrow the list"):
        save_search(uow, cast.ana, "All", Wanted())
    with pytest.raises(Invalid, match="within another"):
        save_search(uow, cast.ana, "Nested", Wanted(group_id=fjord, words="x"))
    with pytest.raises(Invalid, match="already"):
        save_search(uow, cast.ana, "Fjord", Wanted(words="x"))


def test_every_condition_of_a_search_can_be_saved(uow: UnitOfWork, cast: Cast) -> None:
    """Also those that are added later: each comes back from JSON as it was."""
    every = Wanted(
        "fjord", cast.ana.id, 7, 3, True, Consent.CONTRACT, "opened", 7, uow.now, 1, "held", "replied"
    )
    told = kept_search(every)
    assert {one.name for one in fields(Wanted)} - told.keys() == {"within", "as_of"}
    group = create_group(uow, cast.ana, "Every")
    group.search = told
    uow.session.flush()
    uow.session.expire(group)
    assert search_of(group.search or {}, uow.now) == every
    assert search_of({**told, "of_a_later_version": 1}, uow.now) == every


def test_what_people_did_lately_is_asked_anew(work: Work, cast: Cast, clock: VirtualClock) -> None:
    with work() as uow:
        group = save_search(uow, cast.ana, "Quiet", Wanted(did="not_mailed", days=7, as_of=uow.now))
        then, found = uow.now, resolved(uow.session, Wanted(group_id=group.id)).within
        assert found is not None and found.as_of == then
    clock.forward(timedelta(days=3))
    with work() as uow:
        later = resolved(uow.session, Wanted(group_id=group.id)).within
        assert later is not None and later.as_of == then + timedelta(days=3)


def test_a_list_stays_a_list(uow: UnitOfWork, cast: Cast) -> None:
    team = uow.session.get_one(Team, cast.ana.team_id)
    group = create_group(uow, cast.ana, f"List of {team.name}")
    assert group.search is None and resolved(uow.session, Wanted(group_id=group.id)).within is None
