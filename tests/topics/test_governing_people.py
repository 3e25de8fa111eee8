"""Many people at once, blocked domains, and what becomes of what a user owned."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.rights import deactivate
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.enrollments.answers.opting_out import (
    block_address,
    block_domain,
    unsubscribe,
    unsubscribe_many,
)
from sales_campaigns.enrollments.belongings import belongings_of, give_belongings
from sales_campaigns.enrollments.detours.opting_back import undo_unsubscribing
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.people.blocking import blocked_domains, unblock_domain
from sales_campaigns.people.bulk_editing import give_people, set_consent
from sales_campaigns.people.groups import create_group
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.people.models import Address, Consent, Person
from sales_campaigns.people.unsubscribing import changes_of
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

Queries = Callable[[], AbstractContextManager[list[str]]]


def test_ones_own_people_are_given_to_a_teammate(work: Work, cast: Cast) -> None:
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(2)]
        stranger = a_person(uow, cast.dirk, "d@example.com").id
        assert give_people(uow, cast.ana, [*ids, stranger], cast.ben.id) == 2
        assert set(uow.session.scalars(sa.select(Person.owner_id).where(Person.id.in_(ids)))) == {cast.ben.id}
        with pytest.raises(Invalid, match="Choose somebody of your team"):
            give_people(uow, cast.ben, ids, cast.dirk.id)


def test_people_of_a_colleague_only_administrators_give_away(work: Work, cast: Cast) -> None:
    """Launching them needs a right, so nobody may simply take them."""
    with work() as uow:
        person = a_person(uow, cast.ana)
        with pytest.raises(NotAllowed, match="Only an administrator gives them away"):
            give_people(uow, cast.ben, [person.id], cast.ben.id)
        assert give_people(uow, cast.cleo, [person.id], cast.ben.id) == 1


def test_the_basis_for_writing_is_noted_and_found(work: Work, cast: Cast) -> None:
    with work() as uow:
        first, second = (a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(2))
        assert set_consent(uow, cast.ana, [first], "legitimate_interest") == 1
        with pytest.raises(Invalid):
            set_consent(uow, cast.ana, [first], "because")
        found = {
            consent: [
                line.person.id for line in people_page(uow.session, cast.ana, Wanted(consent=consent)).lines
            ]
            for consent in ("legitimate_interest", "none", "")
        }
        assert found == {"legitimate_interest": [first], "none": [second], "": [first, second]}
        assert uow.session.get_one(Person, first).consent is Consent.LEGITIMATE_INTEREST


def test_many_unsubscribe_at_once_and_leave_every_campaign(work: Work, cast: Cast, queries: Queries) -> None:
    counts = []
    for number in (2, 12):
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_call(1)], name=f"Campaign {number}")
            ids = [a_person(uow, cast.ana, f"p{number}-{n}@example.com").id for n in range(number)]
            launch(uow, cast.ana, Order(campaign.id, ids))
        with work() as uow:
            with queries() as seen:
                assert unsubscribe_many(uow, cast.ana, ids, "asked at the fair").number == number
            counts.append(len(seen))
            assert unsubscribe_many(uow, cast.ana, ids).number == 0
            states = set(uow.session.scalars(sa.select(Enrollment.state)))
            assert states == {"ended"}
            told = sa.select(sa.func.count()).where(Activity.kind == "person.unsubscribed")
            assert uow.session.scalar(told) == sum((2, 12)[: len(counts)])
            out = people_page(uow.session, cast.ana, Wanted(unsubscribed=True))
            assert out.total == sum((2, 12)[: len(counts)]), "the dynamic group holds who has unsubscribed"
    assert counts[0] == counts[1]


def test_unsubscribing_many_is_undone_for_whoever_had_not_asked_for_it(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """Campaigns go on where they stood; who had unsubscribed before stays so, and history keeps both lines."""
    with work() as uow:
        one, other = (a_person(uow, cast.ana, f"{n}@example.com") for n in ("one", "other"))
        ids = [one.id, other.id]
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, ids))
        unsubscribe(uow, cast.ana, other)
    clock.forward(timedelta(minutes=1))
    with work() as uow:
        gone = unsubscribe_many(uow, cast.ana, ids)
        assert gone.number == 1
    with pytest.raises(NotFound), work() as uow:
        undo_unsubscribing(uow, cast.ben, gone.batch_id)
    with work() as uow:
        assert undo_unsubscribing(uow, cast.ana, gone.batch_id) == 1
    with pytest.raises(IllegalMove, match="already"), work() as uow:
        undo_unsubscribing(uow, cast.ana, gone.batch_id)
    with work() as uow:
        states = uow.session.scalars(sa.select(Enrollment.state).order_by(Enrollment.id))
        assert [state.value for state in states] == ["active", "ended"]
        mails = uow.session.scalars(
            sa.select(Message).where(Message.person_id == ids[0]).order_by(Message.id)
        )
        assert [mail.state.value for mail in mails] == ["pending"]
        found = uow.session.get_one(Person, ids[0])
        assert [line.change.subscribed for line in changes_of(uow.session, found)] == [True, False]
        late = unsubscribe_many(uow, cast.ana, ids[:1]).batch_id
    clock.forward(timedelta(seconds=11))
    with pytest.raises(IllegalMove, match="too late"), work() as uow:
        undo_unsubscribing(uow, cast.ana, late)


def test_a_blocked_address_ends_every_campaign_of_whoever_has_it(work: Work, cast: Cast) -> None:
    """As a blocked domain does, in every team."""
    with work() as uow:
        for user in (cast.ana, cast.dirk):
            person = a_person(uow, user, "" if uow.session.scalar(sa.select(Address.id)) else "m@example.com")
            person.email, person.address_id = "m@example.com", uow.session.scalar(sa.select(Address.id))
            uow.session.flush()
            launch(uow, user, Order(a_campaign(uow, user, [a_call(1)]).id, [person.id]))
        with pytest.raises(NotAllowed):
            block_address(uow, cast.ana, "m@example.com")
        blocked, ended = block_address(uow, cast.cleo, "M@example.com")
        assert (blocked.email, ended) == ("m@example.com", 2)
        whys = set(uow.session.scalars(sa.select(Enrollment.why)))
        assert whys == {"its address is blocked"}


def test_a_blocked_domain_is_listed_with_its_addresses_and_let_go_again(work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana, "m@mail.example.com")
        assert person.address is not None
        person.address.domain = "mail.example.com"
        uow.session.flush()
        block_domain(uow, cast.cleo, "@Example.com", "asked us")
        assert [(line.domain, line.reason, line.addresses) for line in blocked_domains(uow.session)] == [
            ("example.com", "asked us", 1)
        ]
        with pytest.raises(NotAllowed):
            unblock_domain(uow, cast.ana, "example.com")
        assert unblock_domain(uow, cast.cleo, "example.com") == "asked us"
        with pytest.raises(IllegalMove):
            unblock_domain(uow, cast.cleo, "example.com")


def test_what_a_deactivated_user_owns_is_given_to_a_teammate(work: Work, cast: Cast) -> None:
    """The rule: deactivating a user hands over what they own."""
    with work() as uow:
        person = a_person(uow, cast.ana)
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        create_template(uow, cast.ana, TemplateDraft("Hello", "Hi", "<p>Hi</p>"))
        create_group(uow, cast.ana, "Fair")
        with pytest.raises(IllegalMove, match="Deactivate the user first"):
            give_belongings(uow, cast.cleo, cast.ana.id, cast.ben.id)
        deactivate(uow, cast.cleo, cast.ana.id)
        with pytest.raises(Invalid):
            give_belongings(uow, cast.cleo, cast.ana.id, cast.dirk.id)
        with pytest.raises(NotAllowed):
            give_belongings(uow, uow.session.get_one(User, cast.ben.id), cast.ana.id, cast.ben.id)
        given = give_belongings(uow, cast.cleo, cast.ana.id, cast.ben.id)
        assert given.words == "1 person, 1 campaign, 1 template, 1 group"
        assert uow.session.get_one(Person, person.id).owner_id == cast.ben.id
        assert uow.session.get_one(Campaign, campaign.id).owner_id == cast.ben.id
        assert belongings_of(uow.session, [cast.ana.id]) == {}
        with pytest.raises(IllegalMove, match="owns nothing any more"):
            give_belongings(uow, cast.cleo, cast.ana.id, cast.ben.id)
