"""The sending policy: each rule a name, a sentence and a condition, the same for everybody and for one who joins."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_campaigns.accounts.models import Mailbox, Team
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.figures import causes_of
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliveryState, Recipient
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.deliveries.typology.collisions import UNDER_WAY as NAMED_STATES
from sales_campaigns.deliveries.typology.judging import judged
from sales_campaigns.deliveries.typology.keeping import add_rule, switch_rule
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.typology.rules import sentences
from sales_campaigns.enrollments.launches.checking import check_people
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person
from tests.builders import a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_mailbox, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, delivery, excluded, preparation, prepared, put_off, recipients, said

HOUR = 3600


def rule(work: Work, cast: Cast, kind: str, **typed: str) -> int:
    with work() as uow:
        return add_rule(uow, cast.cleo, {"kind": kind, "name": f"{kind} {typed}"[:60], **typed}).id


def people(work: Work, cast: Cast, names: str) -> list[int]:
    with work() as uow:
        return [a_person(uow, cast.ana, f"{name}@example.com").id for name in names]


class TestCollision:
    """Campaign collision: person active in another campaign (warn or exclude)."""

    @pytest.fixture
    def busy(self, work: Work, cast: Cast) -> int:
        """A is on the way through a campaign, B is not; the campaign."""
        first, _ = people(work, cast, "ab")
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="16:00")])
            launch(uow, cast.ana, Order(campaign.id, [first]))
            return campaign.id

    def test_it_warns(self, work: Work, cast: Cast, busy: int) -> None:
        rule(work, cast, "collision", name="Busy")
        number = prepared(work, cast.cleo)
        assert "warning: “Busy”: 1 of them are on the way through a campaign." in said(work, number)
        assert preparation(work, number).to_deliver == 2

    def test_it_excludes(self, work: Work, cast: Cast, busy: int) -> None:
        kept = rule(work, cast, "collision", name="Busy", excludes="1")
        assert excluded(work, prepared(work, cast.cleo)) == {"a@example.com": f"rule_{kept}"}

    def test_it_judges_whoever_joins_another_campaign_and_not_their_own(
        self, work: Work, cast: Cast, busy: int
    ) -> None:
        rule(work, cast, "collision", name="Busy", excludes="1")
        with work() as uow:
            everybody = uow.session.scalars(sa.select(Person.id).order_by(Person.id)).all()
            other = a_campaign(uow, cast.ana, [a_mail(uow, 1)], "Another")
            checked = check_people(
                uow.session, cast.ana, other, newest(uow.session, other), everybody, cast.ana_box
            )
            assert [one.words for one in checked.excluded] == ["“Busy”: is on the way through a campaign."]
            own = uow.session.get_one(type(other), busy)
            again = check_people(
                uow.session, cast.ana, own, newest(uow.session, own), everybody, cast.ana_box
            )
            assert [one.cause for one in again.excluded] == ["active"]

    def test_it_counts_by_address_whoever_else_has_it(self, work: Work, cast: Cast, busy: int) -> None:
        """The rule: collision and pressure count by address. What another team calls its campaign is not said."""
        with work() as uow:
            twin = a_person(uow, cast.dirk, "")
            busy_one = uow.session.scalars(sa.select(Person).where(Person.email == "a@example.com")).one()
            twin.email, twin.address_id = busy_one.email, busy_one.address_id
            theirs = a_campaign(uow, cast.dirk, [a_mail(uow, 1)], "Theirs")
            uow.session.flush()
            asked = (theirs, newest(uow.session, theirs), [twin.id], cast.dirk_box)
            found = check_people(uow.session, cast.dirk, *asked)
            assert found.elsewhere == {twin.id: "a campaign of another team"}
            kept = TypologyRule(
                team_id=cast.dirk.team_id,
                kind=RuleKind.COLLISION,
                name="Busy",
                details={"excludes": True},
                changed_at=uow.now,
            )
            uow.session.add(kept)
            uow.session.flush()
            assert check_people(uow.session, cast.dirk, *asked).causes == {f"rule_{kept.id}": 1}

    def test_the_states_it_names_are_those_of_people_on_the_way(self) -> None:
        assert set(NAMED_STATES) == {state.value for state in UNDER_WAY}


class TestUnsubscribing:
    """Control: a missing unsubscribe link in a bulk delivery is an error."""

    @pytest.mark.parametrize(
        ("footer", "html", "fails"),
        [
            (True, "<p>Hello</p>", False),
            (False, "<p>Hello</p>", True),
            (False, '<p><a href="https://example.org/prices">Prices</a></p>', True),
            (False, '<p><a href="https://example.org/unsubscribe">No more</a></p>', False),
            (False, '<p><a href="mailto:ana@north.example?subject=unsubscribe">No more</a></p>', False),
        ],
    )
    def test_without_the_footer_the_text_must_have_one(
        self, work: Work, cast: Cast, footer: bool, html: str, fails: bool
    ) -> None:
        people(work, cast, "a")
        with work() as uow:
            uow.session.execute(sa.update(Team).values(footer=footer))
        number = prepared(work, cast.cleo, content=Content("Hello", html))
        assert (delivery(work, number).state == DeliveryState.PREPARATION_FAILED) is fails
        assert ("no link to unsubscribe" in said(work, number)[-1]) is fails


class TestCapacity:
    """Capacity: more than N per hour or day for a mailbox, a sending domain or the delivery."""

    def after(self, work: Work, number: int) -> Counter[int]:
        return Counter(put_off(one) // HOUR for one in recipients(work, number))

    def test_waves_share_the_slots_they_meet_in(self, work: Work, cast: Cast) -> None:
        from sales_campaigns.deliveries.waves import equal_waves

        people(work, cast, "abcdef")
        rule(work, cast, "capacity", messages="2", hours="1")
        number = prepared(work, cast.cleo, settings=Settings(waves=equal_waves(50, timedelta(hours=1))))
        assert self.after(work, number) == {0: 2, 1: 2, 2: 2}

    @pytest.mark.parametrize(
        ("of", "same_box", "slots"),
        [
            ("delivery", True, {0: 3}),
            ("mailbox", True, {0: 1, 1: 2}),
            ("mailbox", False, {0: 3}),
            ("domain", False, {0: 1, 1: 2}),
        ],
    )
    def test_what_else_leaves_under_the_limit_takes_its_places(
        self, work: Work, cast: Cast, of: str, same_box: bool, slots: dict[int, int]
    ) -> None:
        people(work, cast, "abc")
        rule(work, cast, "capacity", messages="3", hours="1", of=of)
        with work() as uow:
            ids = uow.session.scalars(sa.select(Person.id).order_by(Person.id)).all()
        confirmed(work, cast.cleo, audience=Audience(people=tuple(ids[:2])))
        box = cast.ana_box.id if same_box else cast.ben_box.id
        number = prepared(work, cast.cleo, mailbox_id=box)
        assert self.after(work, number) == slots

    def test_what_is_over_it_is_left_out_where_the_rule_says_so(self, work: Work, cast: Cast) -> None:
        people(work, cast, "abc")
        rule(work, cast, "capacity", messages="3", hours="1", of="mailbox", excludes="1")
        with work() as uow:
            first = uow.session.scalars(sa.select(Person.id).order_by(Person.id)).first()
        confirmed(work, cast.cleo, audience=Audience(people=(first or 0,)))
        number = prepared(work, cast.cleo, chunk=1)
        assert (preparation(work, number).to_deliver, preparation(work, number).excluded) == (2, 1)

    def test_two_rules_hold_together(self, work: Work, cast: Cast) -> None:
        people(work, cast, "abcdefgh")
        rule(work, cast, "capacity", name="An hour", messages="2", hours="1")
        rule(work, cast, "capacity", name="Three", messages="3", hours="3")
        found = self.after(work, prepared(work, cast.cleo))
        assert all(number <= 2 for number in found.values())
        threes = Counter[int]()
        for hour, number in found.items():
            threes[hour // 3] += number
        assert all(number <= 3 for number in threes.values()) and sum(found.values()) == 8


class TestPressureOnSteps:
    """Pressure excludes from a delivery, and delays a campaign step."""

    def due(self, work: Work) -> dict[str, str]:
        with work() as uow:
            rows = uow.session.execute(
                sa.select(Message.email, Message.due_at)
                .where(Message.campaign_id.is_not(None))
                .order_by(Message.id)
            )
            return {email: f"{at:%d %H:%M}" for email, at in rows}

    def written_to(self, work: Work, cast: Cast, person_id: int, days_ago: int) -> None:
        with work() as uow:
            person = uow.session.get_one(Person, person_id)
            at = uow.now - timedelta(days=days_ago)
            uow.session.add(a_sent_mail(uow, cast, person, at))

    def test_the_step_moves_on_until_the_window_has_room(self, work: Work, cast: Cast) -> None:
        first, second = people(work, cast, "ab")
        self.written_to(work, cast, first, 1)
        rule(work, cast, "pressure", messages="1", days="4", scope="steps")
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
            launch(uow, cast.ana, Order(campaign.id, [first, second]))
            [moved] = [
                run.moved for run in uow.session.scalars(sa.select(StepRun).order_by(StepRun.id)) if run.moved
            ]
        assert self.due(work) == {"a@example.com": "03 09:00", "b@example.com": "30 09:00"}
        assert [move["why"] for move in moved] == ["pressure"]

    def test_without_a_rule_for_steps_nothing_moves(self, work: Work, cast: Cast) -> None:
        [first] = people(work, cast, "a")
        self.written_to(work, cast, first, 1)
        rule(work, cast, "pressure", messages="1", days="4", scope="deliveries")
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
            launch(uow, cast.ana, Order(campaign.id, [first]))
        assert self.due(work) == {"a@example.com": "30 09:00"}

    def test_a_pause_keeps_the_day_it_gave(self, work: Work, cast: Cast, clock: VirtualClock) -> None:
        from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign

        [first] = people(work, cast, "a")
        self.written_to(work, cast, first, 1)
        rule(work, cast, "pressure", messages="1", days="4", scope="steps")
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
            launch(uow, cast.ana, Order(campaign.id, [first]))
            pause_campaign(uow, cast.ana, campaign)
            resume_campaign(uow, cast.ana, campaign)
        assert self.due(work) == {"a@example.com": "03 09:00"}


class TestPressureOnDeliveries:
    @pytest.mark.parametrize("shared", [False, True])
    def test_mails_count_whoever_has_the_address(self, work: Work, cast: Cast, shared: bool) -> None:
        """The rule: pressure counts by address, whichever team has it. One that nobody shares is asked for quicker."""
        first, second = people(work, cast, "ab")
        with work() as uow:
            theirs, own = a_person(uow, cast.dirk, "z@example.com"), uow.session.get_one(Person, second)
            if shared:
                theirs.address_id = uow.session.get_one(Person, first).address_id
            for person in (theirs, own):
                uow.session.add(a_sent_mail(uow, cast, person, uow.now - timedelta(days=1)))
        rule(work, cast, "pressure", messages="1", days="4", scope="deliveries")
        left_out = excluded(work, prepared(work, cast.cleo))
        assert set(left_out) == ({"a@example.com", "b@example.com"} if shared else {"b@example.com"})

    @pytest.mark.parametrize("far", [False, True])
    def test_what_a_confirmed_delivery_has_still_to_send_counts(
        self, work: Work, cast: Cast, far: bool
    ) -> None:
        """The rule: what is scheduled counts; for people who stand close together in one go, for others singly."""
        first, _, _ = people(work, cast, "abc")
        later = Schedule("2026-12-01T09:00")
        confirmed(work, cast.cleo, audience=Audience(people=(first,)), schedule=later)
        with work() as uow:
            last = a_person(uow, cast.ana, "d@example.com")
            if far:
                uow.session.execute(sa.update(Person).where(Person.id == last.id).values(id=last.id + 1_000))
        rule(work, cast, "pressure", messages="1", days="4", scope="deliveries")
        assert list(excluded(work, prepared(work, cast.cleo))) == ["a@example.com"]


class TestWhichDeliveries:
    """Each rule can be switched off, ordered, and limited to some deliveries: by scope, name and typology."""

    @pytest.mark.parametrize(
        ("typed", "wanted", "counts"),
        [
            ({}, "", 1),
            ({"typology": "Newsletters"}, "", 0),
            ({"typology": "Newsletters"}, "Newsletters", 1),
            ({"typology": "Newsletters"}, "Offers", 0),
            ({"only_named": "price"}, "", 1),
            ({"only_named": "winter"}, "", 0),
            ({"scope": "steps"}, "", 0),
        ],
    )
    def test_a_rule_holds_where_it_is_meant_to(
        self, work: Work, cast: Cast, typed: dict[str, str], wanted: str, counts: int
    ) -> None:
        people(work, cast, "ab")
        rule(work, cast, "filtering", words="a@example", **typed)
        number = prepared(work, cast.cleo, settings=Settings(typology=wanted))
        assert preparation(work, number).excluded == counts

    def test_lower_places_are_asked_first_and_a_rule_that_is_off_is_not(self, work: Work, cast: Cast) -> None:
        people(work, cast, "a" + "b")
        late = rule(work, cast, "filtering", name="Late", words="a@example", place="60")
        early = rule(work, cast, "filtering", name="Early", words="a@example", place="40")
        assert excluded(work, prepared(work, cast.cleo)) == {"a@example.com": f"rule_{early}"}
        with work() as uow:
            switch_rule(uow, cast.cleo, early)
        assert excluded(work, prepared(work, cast.cleo)) == {"a@example.com": f"rule_{late}"}

    def test_each_has_its_sentence(self, work: Work, cast: Cast) -> None:
        for kind, typed in (
            ("filtering", {"words": "a"}),
            ("collision", {"excludes": "1"}),
            ("pressure", {"messages": "1", "days": "2"}),
            ("capacity", {"messages": "1", "hours": "2"}),
        ):
            rule(work, cast, kind, **typed)
        with work() as uow:
            assert all(words.endswith(".") for words in sentences(uow.session, cast.cleo.team_id).values())


def a_sent_mail(uow: Any, cast: Cast, person: Person, at: Any) -> Message:
    known = uow.session.scalars(sa.select(Delivery).where(Delivery.name == "Earlier")).first()
    if known is None:
        known = Delivery(
            team_id=cast.ana.team_id,
            owner_id=cast.ana.id,
            kind=DeliveryKind.PERSONAL,
            name="Earlier",
            created_at=uow.now,
        )
        uow.session.add(known)
        uow.session.flush()
    return Message(
        team_id=cast.ana.team_id,
        delivery_id=known.id,
        occasion=int(at.timestamp()),
        email=person.email or "nobody",
        person_id=person.id,
        sender_id=cast.ana.id,
        mailbox_id=cast.ana_box.id,
        due_at=at,
        act_at=at,
        sent_at=at,
        valid_until=at,
        created_at=at,
        state=MessageState.SENT,
    )


TROUBLES = (
    "",
    "",
    "opted_out",
    "complained",
    "blocked",
    "quarantined",
    "deleted",
    "no_address",
    "odd",
    "rival",
    "busy",
)
SOMEBODY = st.tuples(st.sampled_from(TROUBLES), st.lists(st.integers(0, 6), max_size=3, unique=True))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    everybody=st.lists(SOMEBODY, min_size=1, max_size=7),
    messages=st.integers(1, 3),
    days=st.integers(1, 7),
    strict=st.booleans(),
    chunk=st.integers(1, 4),
)
def test_preparation_and_the_judgement_of_one_person_agree(
    work: Work,
    cast: Cast,
    everybody: list[tuple[str, list[int]]],
    messages: int,
    days: int,
    strict: bool,
    chunk: int,
) -> None:
    """The rule: the same condition judges a million people at preparation and the single person who joins."""
    ids = _a_world(work, cast, everybody, messages, days, strict)
    number = prepared(work, cast.cleo, chunk=chunk, audience=Audience(people=tuple(ids)))
    with work() as uow:
        session, task = uow.session, task_of(uow.session, uow.session.get_one(Delivery, number), uow.now)
        alone = {id: session.execute(judged(task.policy, [Person.id == id])).one()[3] for id in ids}
        together: dict[int, str | None] = dict.fromkeys(
            session.scalars(sa.select(Recipient.person_id).where(Recipient.delivery_id == number))
        )
        from sales_campaigns.deliveries.models import Exclusion

        rows = session.execute(
            sa.select(Exclusion.person_id, Exclusion.cause).where(Exclusion.delivery_id == number)
        )
        together |= {row.person_id: row.cause for row in rows}
        assert together == alone
        assert Counter(filter(None, alone.values())) == Counter(
            causes_of(session, session.get_one(Delivery, number))
        )
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"Joined {number}")
        checked = check_people(session, cast.ana, campaign, newest(session, campaign), ids, cast.ana_box)
        joining = {one.person.id: one.cause for one in checked.excluded}
        about = {rule.name for rule in task.policy.about_people} - {"no_address", "invalid_address"}
        assert {id: c for id, c in joining.items() if c in about} == {
            id: c for id, c in alone.items() if c in about
        }


def _a_world(
    work: Work, cast: Cast, everybody: list[tuple[str, list[int]]], messages: int, days: int, strict: bool
) -> list[int]:
    """These people, each with the days ago on which they were written to, under a few rules; none of an earlier one."""
    from sales_campaigns.deliveries.typology.models import TypologyRule

    with work() as uow:
        uow.session.execute(sa.delete(TypologyRule))
        add_rule(uow, cast.cleo, {"kind": "filtering", "name": "Rivals", "words": "rival"})
        typed = {"messages": str(messages), "days": str(days)}
        add_rule(uow, cast.cleo, {"kind": "pressure", "name": "Rest", **typed})
        if strict:
            add_rule(uow, cast.cleo, {"kind": "collision", "name": "Busy", "excludes": "1"})
        made = (uow.session.scalar(sa.select(sa.func.count(Person.id))) or 0) + 1
        ids = [
            _somebody(uow, cast, f"p{made + place}@example.com", trouble)
            for place, (trouble, _) in enumerate(everybody)
        ]
        for id, (_, ago) in zip(ids, everybody, strict=True):
            person = uow.session.get_one(Person, id)
            uow.session.add_all(
                a_sent_mail(uow, cast, person, uow.now - timedelta(days=day, minutes=id)) for day in ago
            )
        busy = [id for id, (trouble, _) in zip(ids, everybody, strict=True) if trouble == "busy"]
        if busy:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="23:59")], f"Earlier {made}")
            with uow.session.no_autoflush:
                _enrol(uow, cast, campaign.id, busy)
        return ids


def _enrol(uow: Any, cast: Cast, campaign_id: int, people: list[int]) -> None:
    """On the way, held behind a rule that does not matter here."""
    from sales_campaigns.deliveries.typology.models import TypologyRule

    uow.session.flush()
    uow.session.execute(sa.update(TypologyRule).values(active=False))
    launch(uow, cast.ana, Order(campaign_id, people))
    uow.session.execute(sa.update(TypologyRule).values(active=True))


def _somebody(uow: Any, cast: Cast, email: str, trouble: str) -> int:
    fields = {"company": "Rival"} if trouble == "rival" else {}
    person = a_person(uow, cast.ana, "" if trouble == "no_address" else email, **fields)
    if trouble in {"opted_out", "complained", "blocked", "quarantined"}:
        setattr(person.address, f"{trouble}_at", uow.now)
    if trouble == "deleted":
        person.deleted_at = uow.now
    if trouble == "odd":
        assert person.address is not None
        person.address.email = f"{email}, {email}"
    uow.session.flush()
    return person.id


def test_a_mailbox_of_another_domain_is_not_counted(work: Work, cast: Cast) -> None:
    people(work, cast, "abc")
    rule(work, cast, "capacity", messages="3", hours="1", of="domain")
    with work() as uow:
        box = a_mailbox(uow, cast.ben, address="ben@elsewhere.example").id
        ids = uow.session.scalars(sa.select(Person.id).order_by(Person.id)).all()
    confirmed(work, cast.cleo, audience=Audience(people=tuple(ids[:2])), mailbox_id=box)
    number = prepared(work, cast.cleo, mailbox_id=cast.ana_box.id)
    assert Counter(one.after for one in recipients(work, number)) == {0: 3}
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Mailbox.id))) == 4
        assert a_delivery(uow, cast.cleo).id
