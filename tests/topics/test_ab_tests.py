"""A/B tests of deliveries: set up, dealt, tried, decided; with pause, stop, waves, validity, duplicates and roles."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.ab_tests.choosing import choose_winner
from sales_campaigns.deliveries.ab_tests.varying import (
    VariantWords,
    add_variant,
    plan_test,
    remove_variant,
    set_test,
    write_variant,
)
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.continuous.choosing import choose_incremental
from sales_campaigns.deliveries.editing import change, delete, duplicate
from sales_campaigns.deliveries.incremental import Incremental, Mode
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings, StartBy
from sales_campaigns.deliveries.models import Delivery, Recipient
from sales_campaigns.deliveries.pausing import pause, resume, stop
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.proofs import send_proofs
from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.deliveries.retention.models import Retention
from sales_campaigns.deliveries.retention.removing import remove_old
from sales_campaigns.deliveries.series import start_series
from sales_campaigns.deliveries.setups import is_stale, setup_of
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.variants.figures import VariantFigures, rest_of, variant_figures
from sales_campaigns.deliveries.variants.models import AbTest
from sales_campaigns.deliveries.variants.plan import Chooser, Measure, Plan, lot
from sales_campaigns.deliveries.variants.reading import ab_test_of, contents_of, waiting_tests
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tracking.models import EventKind
from tests.builders import a_delivery, a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, figures, finish_preparing, let_jobs_run, preparation, prepared, said
from tests.engagement import answered, did
from tests.outgoing import send
from tests.shards import SHARD
from tests.sink import Sink
from tests.stories.letters import letters

B = {"B": VariantWords("Half price, {{ first_name }}")}
BY_ITSELF = Plan(share=80, hours=24, chooser=Chooser.BEST)


@pytest.fixture
def fifty(work: Work, cast: Cast, sink: Sink) -> None:
    """A server takes what leaves."""
    with work() as uow:
        for n in range(50):
            a_person(uow, cast.ana, f"p{n:02}@example.com")


def with_test(
    work: Work, actor: User, plan: Plan = BY_ITSELF, variants: dict[str, VariantWords] = B, **fields: object
) -> int:
    """Made and prepared to its end."""
    with work() as uow:
        number = a_delivery(uow, actor, **fields).id
        set_test(uow, actor, number, plan, variants)
        prepare(uow, actor, number)
    finish_preparing(work, number)
    return number


def begun(work: Work, actor: User, plan: Plan = BY_ITSELF, **fields: object) -> int:
    number = with_test(work, actor, plan, **fields)  # type: ignore[arg-type]
    with work() as uow:
        confirm(uow, actor, number, reachable=True)
    return number


def send_all(work: Work, room: PostRoom) -> None:
    let_jobs_run(work)
    while send(room):
        let_jobs_run(work)


def ab_test(work: Work, number: int) -> AbTest:
    with work() as uow:
        found = ab_test_of(uow.session, number)
        assert found is not None
        return found


def tried(work: Work, number: int) -> dict[str, VariantFigures]:
    found = ab_test(work, number)
    with work() as uow:
        return variant_figures(uow.session, found)


def mails(work: Work, number: int) -> list[Message]:
    with work() as uow:
        mine = sa.select(Message).where(Message.delivery_id == number, ~Message.proof)
        return list(uow.session.scalars(mine.order_by(Message.id)))


def open_some(work: Work, number: int, **how_many: int) -> None:
    """So many of those who got this variant open it."""
    found = mails(work, number)
    with work() as uow:
        for letter, wanted in how_many.items():
            for mail in [one for one in found if one.variant == letter][:wanted]:
                did(uow, mail, EventKind.OPEN)


def pass_on(work: Work, room: PostRoom, clock: VirtualClock, **span: float) -> None:
    clock.forward(timedelta(**span))
    send_all(work, room)


def test_a_share_tries_the_variants_and_the_rest_gets_the_winner(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    """Targeted = to deliver + excluded all the while, and nobody gets two."""
    number = begun(work, cast.cleo)
    send_all(work, room)
    assert {letter: one.delivered for letter, one in tried(work, number).items()} == {"A": 20, "B": 20}
    assert Counter(mail.subject for mail in mails(work, number)) == {
        "New prices, Maria": 20,
        "Half price, Maria": 20,
    }
    seen = figures(work, number)
    assert (seen.targeted, seen.to_deliver, seen.sent, seen.to_come) == (50, 50, 40, 10)
    assert delivery(work, number).state == "in_progress"

    open_some(work, number, A=5, B=9)
    pass_on(work, room, clock, hours=23)
    assert len(sink.caught) == 40, "it lasts for a day"
    pass_on(work, room, clock, hours=1)
    assert (ab_test(work, number).state, ab_test(work, number).winner) == ("decided", "B")
    assert len(sink.caught) == 50
    assert Counter(mail.variant for mail in mails(work, number)) == {"A": 20, "B": 20, "": 10}
    assert Counter(mail.subject for mail in mails(work, number))["Half price, Maria"] == 30
    assert len({mail.email for mail in mails(work, number)}) == 50
    assert delivery(work, number).state == "finished"
    assert {letter: one.people for letter, one in tried(work, number).items()} == {"A": 20, "B": 20}
    journal = "\n".join(said(work, number))
    assert "The A/B test begins: A by 20, B by 20; 10 wait for the winner." in journal
    assert "The winner is variant B: 10 more get it. B has the most opens, 45.0 % of delivered." in journal
    with work() as uow:
        assert compute_stats(uow, cast.cleo, number) == []


def test_three_variants_with_texts_of_their_own(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, fifty: None
) -> None:
    three = {**B, "C": VariantWords("Other words", "<p>Bonjour {{ first_name }}</p>")}
    begun(work, cast.cleo, Plan(share=60), variants=three)
    send_all(work, room)
    told = Counter(("Bonjour" in mail.text, mail.subject) for mail in letters(sink))
    assert told == {
        (False, "New prices, Maria"): 10,
        (False, "Half price, Maria"): 10,
        (True, "Other words"): 10,
    }


def test_preparing_anew_deals_everybody_in_the_same_way(work: Work, cast: Cast, fifty: None) -> None:
    number = with_test(work, cast.cleo)
    first = dealt(work, number)
    with work() as uow:
        prepare(uow, cast.cleo, number)
    finish_preparing(work, number, chunk=7)
    assert dealt(work, number) == first
    by_lot = sorted(first, key=lambda address: (lot(number, address), address))
    assert [first[address] for address in by_lot] == ["A", "B"] * 20 + [""] * 10


def dealt(work: Work, number: int) -> dict[int, str]:
    """Address → the letter that it tries."""
    with work() as uow:
        rows = uow.session.scalars(sa.select(Recipient).where(Recipient.delivery_id == number))
        return {row.address_id: row.variant for row in rows}


def test_a_tie_waits_for_a_person(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    """The rule: a tie is manual. Whoever may start is told, and so is the owner; Today shows it."""
    number = begun(work, cast.cleo)
    send_all(work, room)
    open_some(work, number, A=4, B=4)
    pass_on(work, room, clock, hours=24)
    assert ab_test(work, number).state == "waiting"
    assert len(sink.caught) == 40
    assert said(work, number)[-1].startswith("warning: The A/B test is over. A tie: A and B")
    with work() as uow:
        assert [found.id for _, found in waiting_tests(uow.session, cast.cleo)] == [number]
        assert not waiting_tests(uow.session, cast.dirk)
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "test.waiting")).one()
        assert "somebody must choose the winner" in told.data["words"]
    with work() as uow:
        assert choose_winner(uow, cast.cleo, number, "A") == 10
    send_all(work, room)
    assert len(sink.caught) == 50
    assert said(work, number)[-2] == "info: Cleo Martin chose variant A: 10 more get it."


def test_a_person_may_choose_before_its_time_is_over(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, fifty: None
) -> None:
    number = begun(work, cast.cleo)
    send_all(work, room)
    with work() as uow:
        assert choose_winner(uow, cast.cleo, number, "B") == 10
    with work() as uow, pytest.raises(IllegalMove, match="its winner is chosen"):
        choose_winner(uow, cast.cleo, number, "A")
    send_all(work, room)
    assert len(sink.caught) == 50


def test_too_few_are_for_a_person_too(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo, Plan(share=20, chooser=Chooser.BEST))
    send_all(work, room)
    open_some(work, number, B=5)
    pass_on(work, room, clock, hours=24)
    assert ab_test(work, number).words == "Too few to tell: of A only 5 of 20 are delivered."


def test_it_is_over_sooner_at_its_floor(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo, Plan(share=80, measure=Measure.REPLIED, floor=3, chooser=Chooser.BEST))
    send_all(work, room)
    of_b = [mail for mail in mails(work, number) if mail.variant == "B"]
    with work() as uow:
        answered(uow, of_b[:2])
    pass_on(work, room, clock, minutes=30)
    assert ab_test(work, number).state == "running"
    with work() as uow:
        answered(uow, of_b[2:3])
    pass_on(work, room, clock, minutes=30)
    assert ab_test(work, number).winner == "B"
    assert len(sink.caught) == 50


def test_its_time_counts_from_when_the_last_of_its_mails_has_left(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    """So a pause gives every variant its whole time."""
    number = begun(work, cast.cleo)
    with work() as uow:
        pause(uow, cast.cleo, number)
    pass_on(work, room, clock, hours=30)
    assert not sink.caught
    with work() as uow:
        resume(uow, cast.cleo, number)
    send_all(work, room)
    open_some(work, number, B=9)
    pass_on(work, room, clock, hours=23)
    assert (len(sink.caught), ab_test(work, number).state) == (40, "running")
    pass_on(work, room, clock, hours=1)
    assert len(sink.caught) == 50


def test_while_it_is_paused_nothing_is_decided_and_what_is_chosen_waits(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo)
    send_all(work, room)
    open_some(work, number, B=9)
    with work() as uow:
        pause(uow, cast.cleo, number)
    pass_on(work, room, clock, hours=30)
    assert ab_test(work, number).state == "running"
    with work() as uow:
        choose_winner(uow, cast.cleo, number, "A")
    send_all(work, room)
    assert len(sink.caught) == 40
    with work() as uow:
        resume(uow, cast.cleo, number)
    send_all(work, room)
    assert len(sink.caught) == 50


def test_stopping_is_final_for_the_rest_as_well(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo)
    send_all(work, room)
    with work() as uow:
        assert stop(uow, cast.cleo, number) == 10
    assert ab_test(work, number).state == "lapsed"
    with work() as uow, pytest.raises(IllegalMove, match="it was stopped"):
        choose_winner(uow, cast.cleo, number, "B")
    pass_on(work, room, clock, hours=48)
    seen = figures(work, number)
    assert (len(sink.caught), seen.sent, seen.cancelled, seen.to_deliver) == (40, 40, 10, 50)


def test_the_winner_leaves_in_waves(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo, settings=Settings(waves=equal_waves(50, timedelta(hours=10))))
    send_all(work, room)
    open_some(work, number, B=9)
    pass_on(work, room, clock, hours=24)
    assert len(sink.caught) == 45
    pass_on(work, room, clock, hours=10)
    assert len(sink.caught) == 50
    assert delivery(work, number).state == "finished"


def test_the_last_wave_after_validity_is_an_error(work: Work, cast: Cast, fifty: None) -> None:
    settings = Settings(validity_hours=30, waves=equal_waves(50, timedelta(hours=10)))
    number = with_test(work, cast.cleo, settings=settings)
    assert delivery(work, number).state == "preparation_failed"
    assert "34 h after the start, when the validity of 30 h is over" in said(work, number)[-1]


def test_past_its_validity_nothing_is_sent_to_the_rest(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo, Plan(share=80, hours=24), settings=Settings(validity_hours=36))
    send_all(work, room)
    pass_on(work, room, clock, hours=25)
    assert ab_test(work, number).state == "waiting"
    pass_on(work, room, clock, hours=12)
    assert (ab_test(work, number).state, delivery(work, number).state) == ("lapsed", "finished")
    assert len(sink.caught) == 40
    assert "warning: Its validity is over: 10 were not sent." in said(work, number)


def test_each_recipient_at_the_own_time_of_day(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        for n in range(60):
            zone = "America/New_York" if n % 2 else "Europe/Stockholm"
            a_person(uow, cast.ana, f"p{n:02}@example.com", zone=zone)
    schedule = Schedule("2026-12-01T09:00", "Europe/Stockholm", theirs=True)
    number = begun(work, cast.cleo, Plan(share=50, hours=24), schedule=schedule)
    with work() as uow:
        assert rest_of(uow.session, number) == 30
    pass_on(work, room, clock, days=1, hours=12)
    with work() as uow:
        choose_winner(uow, cast.cleo, number, "B")
        waiting = uow.session.scalars(sa.select(Recipient.after).where(Recipient.variant == ""))
        assert len(set(waiting)) == 2, "those of one zone wait for their time of day"


@pytest.mark.parametrize("act", ["choose", "plan"])
def test_only_who_may_start_chooses_and_changes_what_is_confirmed(
    work: Work, cast: Cast, room: PostRoom, fifty: None, act: str
) -> None:
    """The rule: starting needs the right; the refusal names who has it."""
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
    later: dict[str, Any] = {} if act == "choose" else {"schedule": Schedule("2026-12-01T09:00", "UTC")}
    number = begun(work, cast.cleo, **later)
    with work() as uow, pytest.raises(NotAllowed, match="Cleo"):
        if act == "choose":
            choose_winner(uow, ben, number, "B")
        else:
            plan_test(uow, ben, number, Plan())
    with work() as uow, pytest.raises(NotFound):
        choose_winner(uow, cast.dirk, number, "B")


def test_once_it_has_begun_it_is_locked(work: Work, cast: Cast, fifty: None) -> None:
    number = begun(work, cast.cleo)
    for act in (
        lambda uow: add_variant(uow, cast.cleo, number),
        lambda uow: plan_test(uow, cast.cleo, number, Plan()),
        lambda uow: remove_variant(uow, cast.cleo, number, "B"),
        lambda uow: write_variant(uow, cast.cleo, number, "B", VariantWords("Other")),
    ):
        with work() as uow, pytest.raises(IllegalMove, match="cannot be changed: it is being sent"):
            act(uow)


def test_any_change_of_it_needs_another_preparation(work: Work, cast: Cast, fifty: None) -> None:
    """The rule: a hash of the inputs is stored with the preparation; confirm refuses when it differs."""
    number = with_test(work, cast.cleo)
    with work() as uow:
        write_variant(uow, cast.cleo, number, "B", VariantWords("Again"))
        assert is_stale(uow.session, uow.session.get_one(Delivery, number))
    assert delivery(work, number).state == "editing"


def test_a_variant_begins_with_the_words_of_a_and_follows_its_text(
    work: Work, cast: Cast, fifty: None
) -> None:
    with work() as uow:
        number = a_delivery(uow, cast.cleo).id
        assert [add_variant(uow, cast.cleo, number) for _ in range(2)] == ["B", "C"]
        with pytest.raises(IllegalMove, match="at most 3"):
            add_variant(uow, cast.cleo, number)
        write_variant(uow, cast.cleo, number, "B", VariantWords("Only the subject"))
        write_variant(uow, cast.cleo, number, "C", VariantWords("Both", "<p>Mine</p>"))
        change(uow, cast.cleo, number, a_wish(uow, cast.cleo, content=Content("New", "<p>Rewritten</p>")))
    with work() as uow:
        found = contents_of(uow.session, setup_of(uow.session, uow.session.get_one(Delivery, number)))
        assert [(one.subject, one.html) for one in found.values()] == [
            ("New", "<p>Rewritten</p>"),
            ("Only the subject", "<p>Rewritten</p>"),
            ("Both", "<p>Mine</p>"),
        ]
        remove_variant(uow, cast.cleo, number, "B")
        remove_variant(uow, cast.cleo, number, "C")
        assert ab_test_of(uow.session, number) is None


def test_two_variants_that_say_the_same_are_an_error(work: Work, cast: Cast, fifty: None) -> None:
    number = with_test(work, cast.cleo, variants={"B": VariantWords("New prices, {{ first_name }}")})
    assert said(work, number)[-1] == (
        "error: Prepared with 1 error. The first: Variants A and B say the same: change a subject or a text."
    )


def test_too_small_a_part_is_an_error(work: Work, cast: Cast) -> None:
    with work() as uow:
        for name in "ab":
            a_person(uow, cast.ana, f"{name}@example.com")
    number = with_test(work, cast.cleo, Plan(share=40))
    assert "40 % of 2 people are 1: too few for 2 variants" in said(work, number)[-1]


@pytest.mark.parametrize("template", ["{{ title }}", "{% if company %}x{% endif %}{{ title }}"])
def test_whoever_lacks_a_field_of_any_variant_is_left_out(work: Work, cast: Cast, template: str) -> None:
    """So that whichever wins can be made for everybody who is to deliver."""
    with work() as uow:
        for n in range(10):
            a_person(uow, cast.ana, f"p{n}@example.com", title="CFO" if n else "")
    number = with_test(work, cast.cleo, variants={"B": VariantWords("Dear", f"<p>{template}</p>")})
    counted = preparation(work, number)
    assert (counted.targeted, counted.to_deliver, counted.causes) == (10, 9, {"field_missing": 1})


WRONG = [
    (Plan(share=95), B, "share"),
    (Plan(hours=120), B, "hours"),
    (Plan(), {}, "variants"),
    (Plan(), {"D": VariantWords("D")}, "variants"),
    (Plan(), {"B": VariantWords("")}, "variants.B.subject"),
    (Plan(), {"B": VariantWords("One\nBcc: all@example.com")}, "variants.B.subject"),
    (Plan(), {"B": VariantWords("Fine", "<p>{% if %}</p>")}, "variants.B.html"),
]


@pytest.mark.parametrize(("plan", "variants", "field"), WRONG)
def test_what_is_wrong_stands_beside_its_field(
    work: Work, cast: Cast, plan: Plan, variants: dict[str, VariantWords], field: str
) -> None:
    with work() as uow:
        number = a_delivery(uow, cast.cleo).id
        with pytest.raises(Invalid) as refusal:
            set_test(uow, cast.cleo, number, plan, variants)
        assert field in refusal.value.problems
        assert ab_test_of(uow.session, number) is None


def test_settings_that_the_test_no_longer_fits_are_refused(work: Work, cast: Cast, fifty: None) -> None:
    number = with_test(work, cast.cleo)
    for settings, field in (
        (Settings(validity_hours=24), "validity_hours"),
        (Settings(opens=False), "opens"),
    ):
        with work() as uow, pytest.raises(Invalid) as refusal:
            change(uow, cast.cleo, number, a_wish(uow, cast.cleo, settings=settings))
        assert list(refusal.value.problems) == [field]


def test_a_duplicate_has_its_test_and_nothing_of_what_became_of_it(
    work: Work, cast: Cast, room: PostRoom, fifty: None
) -> None:
    number = begun(work, cast.cleo)
    send_all(work, room)
    with work() as uow:
        choose_winner(uow, cast.cleo, number, "B")
        copy = duplicate(uow, cast.cleo, number).id
    found = ab_test(work, copy)
    assert (found.state, found.share, found.winner, found.left_at) == ("planned", 80, "", None)
    with work() as uow:
        words = contents_of(uow.session, setup_of(uow.session, uow.session.get_one(Delivery, copy)))
        assert words["B"].subject == "Half price, {{ first_name }}"
        assert delete(uow, cast.cleo, copy)


def test_only_a_single_delivery_has_one(work: Work, cast: Cast) -> None:
    weekly = Recurrence(Every.WEEKS, 1, "2026-12-07T09:00", "Europe/Stockholm")
    with work() as uow:
        number = a_delivery(uow, cast.cleo).id
        set_test(uow, cast.cleo, number, Plan(), B)
        with pytest.raises(IllegalMove, match="before it becomes a series"):
            start_series(uow, cast.cleo, number, weekly)
        with pytest.raises(IllegalMove, match="before it becomes continuous"):
            choose_incremental(uow, cast.cleo, number, Incremental(Mode.NEW, weekly))
        series = a_delivery(uow, cast.cleo, name="Weekly").id
        start_series(uow, cast.cleo, series, weekly)
    with work() as uow, pytest.raises(IllegalMove, match="Only a single delivery"):
        add_variant(uow, cast.cleo, series)


def test_each_variant_is_a_proof_of_its_own(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, fifty: None
) -> None:
    number = with_test(work, cast.cleo)
    with work() as uow:
        assert send_proofs(uow, cast.cleo, number, "boss@north.example") == 1
        assert send_proofs(uow, cast.cleo, number, "boss@north.example", variants=["B"]) == 1
        with pytest.raises(NotFound):
            send_proofs(uow, cast.cleo, number, "boss@north.example", variants=["C"])
    send_all(work, room)
    assert sorted(mail.subject for mail in letters(sink)) == [
        "[Proof 1, variant A] New prices, Maria",
        "[Proof 2, variant B] Half price, Maria",
        "[Proof 3, variant B] Half price, Maria",
    ]
    assert tried(work, number)["B"].handed == 0, "outside all figures"


def test_what_was_counted_stays_when_rows_are_removed(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, fifty: None
) -> None:
    number = begun(work, cast.cleo)
    send_all(work, room)
    open_some(work, number, A=5, B=9)
    pass_on(work, room, clock, hours=24)
    before = tried(work, number)
    with work() as uow:
        uow.session.add(Retention(id=1, tracking_days=30, sending_days=30, changed_at=uow.now))
    clock.forward(timedelta(days=60))
    with work() as uow:
        assert remove_old(uow)
    assert not mails(work, number)
    assert tried(work, number) == before


def test_it_may_start_by_itself(work: Work, cast: Cast, room: PostRoom, sink: Sink, fifty: None) -> None:
    number = with_test(work, cast.cleo, settings=Settings(start_by=StartBy.NO_ERROR))
    send_all(work, room)
    assert (len(sink.caught), ab_test(work, number).state) == (40, "running")


def test_whoever_waits_for_the_winner_counts_for_pressure(
    work: Work, cast: Cast, room: PostRoom, fifty: None
) -> None:
    """The rule: counting what was sent and what is scheduled."""
    begun(work, cast.cleo)
    send_all(work, room)
    with work() as uow:
        often = {"kind": RuleKind.PRESSURE, "name": "Once a week", "details": {"messages": 1, "days": 7}}
        uow.session.add(TypologyRule(team_id=cast.cleo.team_id, changed_at=uow.now, **often))
    second = preparation(work, prepared(work, cast.cleo, name="Another"))
    assert (second.targeted, second.to_deliver, second.excluded) == (50, 0, 50)


ACTS = ("pause", "resume", "send", "hour", "day", "choose A", "choose B", "open", "stop", "take out")


def live_through(work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, seed: int) -> None:
    """One test in which anything may happen, in any order. Whatever is refused changes nothing."""
    chance, told = random.Random(seed), [f"seed {seed}"]
    with work() as uow:
        for n in range(12):
            a_person(uow, cast.ana, f"s{seed}p{n}@example.com")
    settings = Settings(waves=equal_waves(60, timedelta(hours=5)) if seed % 2 else ())
    search = Audience(words=f"s{seed}p")
    number = begun(
        work,
        cast.cleo,
        replace(BY_ITSELF, share=chance.randint(20, 90)),
        settings=settings,
        audience=search,
        name=f"Test {seed}",
    )
    for _ in range(10):
        act = chance.choices(ACTS, weights=(2, 3, 5, 3, 2, 1, 1, 2, 0.3, 1))[0]
        told.append(act)
        happen(work, cast, room, clock, number, act)
        seen, everybody = figures(work, number), mails(work, number)
        assert (seen.targeted, seen.to_deliver, seen.excluded) == (12, 12, 0), told
        assert len({mail.email for mail in everybody}) == len(everybody), told
        tries = tried(work, number)
        sizes = [one.people for one in tries.values()]
        assert len(sizes) == 2 and max(sizes) - min(sizes) <= 1, told
        if ab_test(work, number).state in {"planned", "running", "waiting", "lapsed"}:
            assert sum(sizes) >= seen.handed, (told, "the rest has got nothing")


def happen(work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, number: int, act: str) -> None:
    if act in {"hour", "day"}:
        clock.forward(timedelta(**{f"{act}s": 1}))
    elif act == "send":
        send_all(work, room)
    elif act == "open":
        open_some(work, number, A=1, B=2)
    elif act == "take out":
        with work() as uow:
            waiting = sa.select(Recipient.person_id).where(Recipient.delivery_id == number)
            found = uow.session.scalar(waiting.order_by(Recipient.address_id).limit(1))
            if found is not None:
                uow.session.execute(
                    sa.update(Address)
                    .where(
                        Address.id == sa.select(Person.address_id).where(Person.id == found).scalar_subquery()
                    )
                    .values(opted_out_at=uow.now)
                )
    else:
        verb, _, letter = act.partition(" ")
        does = {"pause": pause, "resume": resume, "stop": stop}
        with suppress(IllegalMove), work() as uow:
            if letter:
                choose_winner(uow, cast.cleo, number, letter)
            else:
                does[verb](uow, cast.cleo, number)


def test_whatever_happens_nobody_gets_two(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    """The rule: targeted = to deliver + excluded, always."""
    for seed in range(2):
        live_through(work, cast, room, clock, seed)
    assert max(Counter(letter.to for letter in letters(sink)).values()) == 1


@pytest.mark.deep
def test_whatever_happens_in_two_hundred_tests(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    for seed in SHARD.among(range(1_000, 1_100)):
        live_through(work, cast, room, clock, seed)
    assert max(Counter(letter.to for letter in letters(sink)).values()) == 1
