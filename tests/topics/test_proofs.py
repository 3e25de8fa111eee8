"""Proofs: numbered mails to test profiles or other addresses, seeds that leave with a delivery, outside all figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.inputs import Schedule
from sales_campaigns.deliveries.logs import sending_log
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.pausing import stop
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.deliveries.proofing.lists import proofs_of
from sales_campaigns.deliveries.proofing.previewing import (
    around,
    as_recipient,
    find_recipients,
    worth_a_look,
)
from sales_campaigns.deliveries.proofing.profiles import add_profile, change_profile
from sales_campaigns.deliveries.proofs import send_proofs
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.letters.marking import Outward
from sales_campaigns.messages.models import Message
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, figures, prepared, said
from tests.sink import Sink
from tests.stories.letters import letters, letters_to


@pytest.fixture
def three(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "maria@example.com")
        a_person(uow, cast.ana, "noah@example.com", first_name="Noah", company="")
        a_person(uow, cast.ana, "li@example.com", first_name="Maximiliana-Theodora", last_name="Wallenstein")


def proof(work: Work, cast: Cast, number: int, written: str = "", **more: Any) -> int:
    with work() as uow:
        return send_proofs(uow, cast.cleo, number, written, **more)


def subjects(sink: Sink) -> list[tuple[str, str]]:
    return [(letter.to, letter.subject) for letter in letters(sink)]


def test_each_act_has_its_number_and_its_prefix(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    number = prepared(work, cast.cleo)
    assert proof(work, cast, number, "one@example.net, two@example.net") == 2
    assert proof(work, cast, number, "one@example.net") == 1
    run_until_quiet(room)
    assert sorted(subjects(sink)) == [
        ("one@example.net", "[Proof 1] New prices, Maria"),
        ("one@example.net", "[Proof 2] New prices, Maria"),
        ("two@example.net", "[Proof 1] New prices, Maria"),
    ]


def test_proofs_stand_outside_all_figures_and_are_listed_with_their_state(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    number = prepared(work, cast.cleo)
    before = figures(work, number)
    proof(work, cast, number, "one@example.net")
    run_until_quiet(room)
    assert figures(work, number) == before
    with work() as uow:
        assert sending_log(uow.session, uow.session.get_one(Delivery, number)) == []
        [line] = proofs_of(uow.session, number)
    assert (line.kind, line.email, line.person, line.status) == (
        "Proof 1",
        "one@example.net",
        "Maria Santos",
        "Sent",
    )


def test_a_test_profile_stands_in_for_a_real_person(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow:
        profile = add_profile(
            uow, cast.cleo, name="Proofreader", email="read@north.example", stands_in="noah@example.com"
        )
        chosen = profile.id
    proof(work, cast, number, "one@example.net", profiles=[chosen])
    run_until_quiet(room)
    assert sorted(subjects(sink)) == [
        ("one@example.net", "[Proof 1] New prices, Maria"),
        ("read@north.example", "[Proof 1] New prices, Noah"),
    ]


def test_a_proof_is_rendered_for_whoever_is_chosen_of_the_audience(
    work: Work, cast: Cast, three: None
) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow:
        noah = find_recipients(uow.session, _task(uow, number), "noah")[0].id
        stranger = a_person(uow, cast.dirk, "far@example.com").id
    proof(work, cast, number, "one@example.net", person_id=noah)
    with work() as uow:
        assert uow.session.scalars(sa.select(Message.person_id)).all() == [noah]
    with pytest.raises(NotFound):
        proof(work, cast, number, "one@example.net", person_id=stranger)


@pytest.mark.parametrize("blocked", ["opted_out_at", "blocked_at", "quarantined_at"])
def test_whoever_gets_no_mail_gets_no_proof(work: Work, cast: Cast, three: None, blocked: str) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow:
        gone = a_person(uow, cast.ana, "gone@example.com")
        setattr(gone.address, blocked, uow.now)
    with pytest.raises(Invalid, match="No mail may go to"):
        proof(work, cast, number, "gone@example.com")


def test_at_most_a_hundred_profiles_and_addresses_together(work: Work, cast: Cast, three: None) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow:
        chosen = add_profile(uow, cast.cleo, name="Me", email="me@north.example").id
    many = " ".join(f"p{place}@example.net" for place in range(100))
    assert proof(work, cast, number, many) == 100
    with pytest.raises(Invalid, match="at most 100"):
        proof(work, cast, number, many, profiles=[chosen])


def test_a_seed_leaves_with_each_delivery_as_a_recipient_gets_it_and_counts_nowhere(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        add_profile(uow, cast.cleo, name="Inbox", email="seed@north.example", seed=True)
        add_profile(uow, cast.cleo, name="Reader", email="read@north.example")
    number = confirmed(work, cast.cleo)
    run_until_quiet(room)
    assert ("seed@north.example", "New prices, Maria") in subjects(sink)
    assert len(sink.caught) == 4, "the other profile gets proofs only"
    seen = figures(work, number)
    assert (seen.to_deliver, seen.sent, seen.handed) == (3, 3, 3)
    with work() as uow:
        assert [line.kind for line in proofs_of(uow.session, number)] == ["Seed"]
        assert len(sending_log(uow.session, uow.session.get_one(Delivery, number))) == 3
    assert "info: It has begun, with 1 seed." in said(work, number)


def test_a_seed_with_the_address_of_a_recipient_gets_both(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        add_profile(uow, cast.cleo, name="Maria", email="maria@example.com", seed=True)
    number = confirmed(work, cast.cleo)
    run_until_quiet(room)
    assert len(sink.caught) == 4 and figures(work, number).sent == 3


def test_stopping_takes_seeds_back_and_does_not_count_them(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        add_profile(uow, cast.cleo, name="Inbox", email="seed@north.example", seed=True)
    number = confirmed(work, cast.cleo)
    with work() as uow:
        assert stop(uow, cast.cleo, number) == 3
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    assert sink.caught == []


def test_quota_is_counted(work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink) -> None:
    """A mailbox of two a minute takes a minute for the third, proof or not."""
    number = prepared(work, cast.cleo)
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(per_minute=2))
    proof(work, cast, number, "a@example.net b@example.net c@example.net d@example.net")
    run_until_quiet(room)
    assert 1 <= len(sink.caught) < 4


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "nonsense"}, "email"),
        ({"email": "Known@north.example"}, "email"),
        ({"stands_in": "far@example.com"}, "stands_in"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_by_field(
    work: Work, cast: Cast, three: None, typed: dict[str, str], field: str
) -> None:
    fine = {"name": "Me", "email": "me@north.example", "stands_in": "", "seed": False}
    with work() as uow:
        a_person(uow, cast.dirk, "far@example.com")
        add_profile(uow, cast.cleo, name="Known", email="known@north.example")
    with pytest.raises(Invalid) as refusal, work() as uow:
        add_profile(uow, cast.cleo, **{**fine, **typed})  # type: ignore[arg-type]
    assert set(refusal.value.problems) == {field}


def test_a_refused_change_changes_nothing(work: Work, cast: Cast, three: None) -> None:
    with work() as uow:
        profile = add_profile(uow, cast.cleo, name="Me", email="me@north.example")
        with pytest.raises(Invalid):
            change_profile(
                uow, cast.cleo, profile.id, name="Other", email="nonsense", stands_in="", seed=True
            )
        assert (profile.name, profile.email, profile.seed) == ("Me", "me@north.example", False)


class TestPreview:
    def test_it_is_the_mail_that_would_leave(
        self, work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
    ) -> None:
        number = confirmed(work, cast.cleo)
        with work() as uow:
            task = _task(uow, number)
            here = around(uow.session, task, None)
            assert here is not None
            shown = as_recipient(uow.session, task, here.person)
        run_until_quiet(replace(room, outward=Outward("", "a key")))
        [mail] = letters_to(sink, "maria@example.com")
        assert mail.subject == shown.subject
        assert shown.text.split() == mail.text.split()

    def test_it_goes_from_one_recipient_to_the_next(self, work: Work, cast: Cast, three: None) -> None:
        with work() as uow:
            task = task_of(uow.session, a_delivery(uow, cast.cleo), uow.now)
            names, person = [], None
            while True:
                here = around(uow.session, task, person)
                assert here is not None
                names.append(here.person.first_name)
                person = here.after
                if person is None:
                    break
        assert names == ["Maria", "Noah", "Maximiliana-Theodora"]

    def test_the_longest_name_and_missing_fields_are_offered(
        self, work: Work, cast: Cast, three: None
    ) -> None:
        from sales_campaigns.content.rendering import Content

        said = Content("Hello", "<p>{{ first_name }} of {{ company | default: 'your house' }}</p>")
        with work() as uow:
            task = task_of(uow.session, a_delivery(uow, cast.cleo, content=said), uow.now)
            offered = [(why, one.first_name) for why, one in worth_a_look(uow.session, task)]
        assert offered == [("Longest name", "Maximiliana-Theodora"), ("No company", "Noah")]

    def test_whoever_is_left_out_is_shown_with_the_cause(self, work: Work, cast: Cast, three: None) -> None:
        with work() as uow:
            gone = a_person(uow, cast.ana, "gone@example.com")
            assert gone.address is not None
            gone.address.opted_out_at = uow.now
            task = task_of(uow.session, a_delivery(uow, cast.cleo), uow.now)
            here = around(uow.session, task, gone.id)
        assert here is not None and "unsubscribed" in here.cause

    def test_a_scheduled_one_can_be_looked_at(self, work: Work, cast: Cast, three: None) -> None:
        at = Schedule("2026-12-01T09:00", "Europe/Stockholm")
        number = confirmed(work, cast.cleo, schedule=at)
        with work() as uow:
            assert as_recipient(uow.session, _task(uow, number), _first(uow, number)).subject


def _task(uow: Any, number: int) -> Any:
    return task_of(uow.session, uow.session.get_one(Delivery, number), uow.now)


def _first(uow: Any, number: int) -> Any:
    here = around(uow.session, _task(uow, number), None)
    assert here is not None and figures_of(uow.session, uow.session.get_one(Delivery, number)).to_deliver
    return here.person
