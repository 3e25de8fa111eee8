"""Continuous deliveries: one for ever, to which each run appends whoever is new, or has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.continuous.choosing import (
    choose_incremental,
    looks_from,
    reset_history,
    reset_of,
)
from sales_campaigns.deliveries.continuous.models import Increment, Intake
from sales_campaigns.deliveries.continuous.releasing import confirm_increment, drop_increment
from sales_campaigns.deliveries.continuous.rewriting import versions_of
from sales_campaigns.deliveries.continuous.running import run_on
from sales_campaigns.deliveries.editing import change
from sales_campaigns.deliveries.feeding import carry_on
from sales_campaigns.deliveries.incremental import Incremental, Mode
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.models import Delivery, DeliveryState, Recipient
from sales_campaigns.deliveries.pausing import pause, resume, stop
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.bulk_editing import set_consent
from sales_campaigns.people.models import Address, Person
from scheduler.jobs import run_until_quiet
from tests.builders import a_delivery, a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, figures, finish_preparing, let_jobs_run, said
from tests.sink import Sink

Queries = Callable[[], AbstractContextManager[list[str]]]

HOUR = timedelta(hours=1)


def every_hour(clock: VirtualClock, **fields: object) -> Recurrence:
    first = (clock.now() + HOUR).strftime("%Y-%m-%dT%H:%M")
    told = {"every": Every.MINUTES, "interval": 60, "first": first, "zone": "UTC"}
    return Recurrence(**{**told, **fields})  # type: ignore[arg-type]


def a_query(clock: VirtualClock, mode: Mode = Mode.NEW, **fields: object) -> Incremental:
    since = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    return Incremental(**{"mode": mode, "recurrence": every_hour(clock), "since": since, **fields})  # type: ignore[arg-type]


def begun(work: Work, cast: Cast, wanted: Incremental, **fields: object) -> int:
    """Written, prepared and confirmed by Cleo; its id."""
    with work() as uow:
        made = a_delivery(uow, cast.cleo, **fields)
        choose_incremental(uow, cast.cleo, made.id, wanted)
        prepare(uow, cast.cleo, made.id)
    finish_preparing(work, made.id)
    with work() as uow:
        confirm(uow, cast.cleo, made.id, reachable=True)
    let_jobs_run(work)
    return made.id


def somebody(work: Work, owner: User, *emails: str, **fields: object) -> list[int]:
    with work() as uow:
        return [a_person(uow, owner, email, **fields).id for email in emails]


def later(work: Work, clock: VirtualClock, span: timedelta = HOUR) -> None:
    clock.forward(span)
    let_jobs_run(work)


def increments(work: Work, delivery_id: int) -> Sequence[Increment]:
    with work() as uow:
        query = sa.select(Increment).where(Increment.delivery_id == delivery_id)
        return uow.session.scalars(query.order_by(Increment.number)).all()


def states(work: Work, delivery_id: int) -> list[str]:
    return [one.state.value for one in increments(work, delivery_id)]


def mails(work: Work, delivery_id: int) -> list[tuple[str, int]]:
    """(address, occasion) of every message, in order."""
    with work() as uow:
        query = sa.select(Message.email, Message.occasion).where(Message.delivery_id == delivery_id)
        return [(row.email, row.occasion) for row in uow.session.execute(query.order_by(Message.id))]


def test_one_delivery_for_ever_takes_whoever_is_new(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Each run appends rows to the same delivery, and nobody is taken twice."""
    somebody(work, cast.ana, "a@example.com", "b@example.com")
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "c@example.com")
    later(work, clock)
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 0), ("b@example.com", 0), ("c@example.com", 0)]
    assert [(one.number, one.targeted, one.to_deliver) for one in increments(work, found)] == [
        (1, 2, 2),
        (2, 1, 1),
    ]
    assert delivery(work, found).state is DeliveryState.IN_PROGRESS
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Delivery.id))) == 1


def test_nothing_new_means_no_run_and_no_error(work: Work, cast: Cast, clock: VirtualClock) -> None:
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    before = said(work, found)
    for _hour in range(2):
        later(work, clock)
    assert states(work, found) == ["released"]
    assert said(work, found) == before


def test_it_may_begin_while_its_audience_is_empty(work: Work, cast: Cast, clock: VirtualClock) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 0)]


def test_it_is_taken_once_by_person_and_by_address(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """One row per person in a continuous delivery, also where a person's address changes."""
    [person] = somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    [other] = somebody(work, cast.ana, "z@example.com")
    with work() as uow:
        mine, theirs = (uow.session.get_one(Person, id) for id in (person, other))
        mine.address_id, theirs.address_id = None, mine.address_id
        uow.session.flush()
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 0)]


def test_an_address_that_changes_while_its_mail_waits_makes_no_second_one(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """The second is left out as a duplicate, so that targeted stays to deliver + excluded."""
    found = begun(work, cast, a_query(clock))
    [person, other] = somebody(work, cast.ana, "a@example.com", "z@example.com")
    with work() as uow:
        mine, theirs = (uow.session.get_one(Person, id) for id in (person, other))
        old, new = mine.address_id, theirs.address_id
        theirs.address_id, theirs.deleted_at = None, uow.now
        uow.session.flush()
        uow.session.add(Recipient(delivery_id=found, address_id=old, occasion=0, person_id=person))
        mine.address_id = new
        uow.session.flush()
    later(work, clock)
    assert len(mails(work, found)) == 1
    whole = figures(work, found)
    assert (whole.targeted, whole.to_deliver, whole.excluded) == (2, 1, 1)


def test_whoever_was_left_out_was_taken_too(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Targeted = to deliver + excluded, in every run and in the delivery as a whole."""
    found = begun(work, cast, a_query(clock))
    [out] = somebody(work, cast.ana, "out@example.com", "in@example.com")[:1]
    with work() as uow:
        address = uow.session.get_one(Person, out).address_id
        uow.session.execute(sa.update(Address).where(Address.id == address).values(opted_out_at=uow.now))
    for _hour in range(2):
        later(work, clock)
    assert [(one.targeted, one.to_deliver, one.excluded) for one in increments(work, found)] == [
        (0, 0, 0),
        (2, 1, 1),
    ]
    whole = figures(work, found)
    assert (whole.targeted, whole.to_deliver, whole.excluded) == (2, 1, 1)
    assert "info: Run 2: 2 targeted, 1 to deliver, 1 excluded." in said(work, found)


def test_whoever_changed_is_taken_again_with_the_run_as_occasion(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """Field ≥ last run instant; each change is seen by one run, also one of the last minute before it."""
    [person, _other] = somebody(work, cast.ana, "a@example.com", "b@example.com")
    clock.forward(timedelta(minutes=5))
    found = begun(work, cast, a_query(clock, Mode.CHANGED, field="updated"))
    assert mails(work, found) == [("a@example.com", 1), ("b@example.com", 1)]
    later(work, clock)
    clock.forward(timedelta(minutes=59, seconds=30))
    with work() as uow:
        uow.session.get_one(Person, person).changed_at = uow.now
    later(work, clock, timedelta(seconds=30))
    assert len(mails(work, found)) == 2
    later(work, clock)
    later(work, clock)
    assert mails(work, found)[2:] == [("a@example.com", 2)]


def test_a_noted_basis_is_a_change_of_its_own(work: Work, cast: Cast, clock: VirtualClock) -> None:
    [person, _other] = somebody(work, cast.ana, "a@example.com", "b@example.com")
    found = begun(work, cast, a_query(clock, Mode.CHANGED, field="consent"))
    with work() as uow:
        set_consent(uow, cast.ana, [person], "consent")
    later(work, clock, 2 * HOUR)
    assert mails(work, found) == [("a@example.com", 2)]


def test_a_custom_date_is_taken_when_it_has_come(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """By the wall clock of the rule's zone; what is no date is never taken."""
    written = ["2026-11-30T10:30", "2026-11-30 10:30", "2026-12-01", "soon", ""]
    for number, date in enumerate(written):
        somebody(work, cast.ana, f"{number}@example.com", custom={"renewal": date})
    found = begun(work, cast, a_query(clock, Mode.CHANGED, field="custom:renewal"))
    taken = []
    for hours in (2, 1, 13, 1):  # 10:00, 11:00, midnight less the minute that is left to the next run, 01:00
        later(work, clock, hours * HOUR)
        taken.append([email[0] for email, _ in mails(work, found)])
    assert taken == [[], ["0", "1"], ["0", "1"], ["0", "1", "2"]]


def test_an_increment_over_its_ceiling_waits_and_no_other_run_begins(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """The rule: 1,000 people, or three times the largest so far; settable."""
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock, ceiling=2))
    somebody(work, cast.ana, *(f"b{n}@example.com" for n in range(3)))
    later(work, clock)
    assert states(work, found)[-1] == "released", "three times the largest so far, and not over it"
    somebody(work, cast.ana, *(f"c{n}@example.com" for n in range(10)))
    later(work, clock)
    assert states(work, found)[-1] == "waiting" and len(mails(work, found)) == 4
    somebody(work, cast.ana, "d@example.com")
    later(work, clock)
    assert len(states(work, found)) == 3
    with work() as uow:
        confirm_increment(uow, cast.cleo, found, 3, reachable=True)
    let_jobs_run(work)
    assert states(work, found) == ["released"] * 4, "the run that was due meanwhile begins once"
    assert len(mails(work, found)) == 15


def test_a_dropped_increment_is_found_again_by_the_next_run(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    found = begun(work, cast, a_query(clock, ceiling=1))
    ids = somebody(work, cast.ana, "a@example.com", "b@example.com")
    later(work, clock)
    with work() as uow:
        drop_increment(uow, cast.cleo, found, 2)
        uow.session.get_one(Person, ids[0]).deleted_at = uow.now
    later(work, clock)
    assert states(work, found) == ["released", "dropped", "released"]
    assert mails(work, found) == [("b@example.com", 0)]
    with work() as uow, pytest.raises(IllegalMove, match="it was dropped"):
        confirm_increment(uow, cast.cleo, found, 2, reachable=True)


def test_a_reset_of_the_history_takes_people_again(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """The log keeps what was; another occasion begins."""
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    with work() as uow:
        told = reset_of(uow, uow.session.get_one(Delivery, found))
        assert (told.taken, told.again) == (1, 1)
        reset_history(uow, cast.cleo, found)
    for _hour in range(2):
        later(work, clock)
    assert mails(work, found) == [("a@example.com", 0), ("a@example.com", 2)]


def test_runs_missed_while_everything_was_down_are_one_run(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock, 5 * HOUR)
    assert len(states(work, found)) == 2
    assert (
        "info: 4 earlier runs could not begin in time: this one takes whoever they would have taken."
        in said(work, found)
    )
    assert increments(work, found)[-1].due_at == clock.now()


def test_no_run_begins_outside_the_permitted_range(work: Work, cast: Cast, clock: VirtualClock) -> None:
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, opens="09:00", closes="09:30")))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock, 5 * HOUR)
    assert states(work, found) == ["released"]
    later(work, clock, timedelta(hours=20, minutes=10))
    assert states(work, found) == ["released"] * 2


def test_it_finishes_after_its_last_run_and_its_last_mail(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    """An end date, or a count of planned runs."""
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, runs=2)))
    later(work, clock)
    later(work, clock)
    assert delivery(work, found).state is DeliveryState.IN_PROGRESS
    run_until_quiet(room)
    assert delivery(work, found).state is DeliveryState.FINISHED and len(sink.caught) == 1


def test_paused_it_looks_for_nobody_and_resumed_takes_whoever_came(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    found = begun(work, cast, a_query(clock))
    with work() as uow:
        pause(uow, cast.cleo, found)
    somebody(work, cast.ana, "a@example.com")
    later(work, clock, 3 * HOUR)
    assert states(work, found) == ["released"]
    with work() as uow:
        resume(uow, cast.cleo, found)
    let_jobs_run(work)
    assert mails(work, found) == [("a@example.com", 0)]


def test_stopped_it_is_over(work: Work, cast: Cast, clock: VirtualClock) -> None:
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    with work() as uow:
        assert stop(uow, cast.cleo, found) == 1
    somebody(work, cast.ana, "b@example.com")
    later(work, clock)
    assert states(work, found) == ["released"] and delivery(work, found).state is DeliveryState.STOPPED


def test_a_run_that_cannot_be_prepared_loses_nobody(work: Work, cast: Cast, clock: VirtualClock) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com")
    lost = sa.update(Mailbox).values(state=MailboxState.NEEDS_RECONNECT)
    with work() as uow:
        uow.session.execute(lost)
    later(work, clock)
    assert states(work, found) == ["released", "failed"]
    with work() as uow:
        uow.session.execute(lost.values(state=MailboxState.CONNECTED))
    later(work, clock)
    assert states(work, found) == ["released", "failed", "released"] and len(mails(work, found)) == 1


def test_three_schedulers_at_once_make_one_run(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Unique per delivery and instant with several schedulers."""
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com", "b@example.com")
    clock.forward(HOUR)
    together = Barrier(3)

    def schedule() -> None:
        together.wait(10)
        busy = True
        while busy:
            with work() as uow:
                busy = carry_on(uow, found, reachable=True)

    with ThreadPoolExecutor(3) as schedulers:
        for one in [schedulers.submit(schedule) for _ in range(3)]:
            one.result()
    assert states(work, found) == ["released"] * 2
    assert mails(work, found) == [("a@example.com", 0), ("b@example.com", 0)]


def test_it_goes_on_chunk_by_chunk_after_a_restart(work: Work, cast: Cast, clock: VirtualClock) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, *(f"n{number}@example.com" for number in range(5)), "")
    clock.forward(HOUR)
    busy = True
    while busy:
        with work() as uow:
            busy = run_on(uow, uow.session.get_one(Delivery, found), reachable=True, chunk=2)
    newest = increments(work, found)[-1]
    assert (newest.targeted, newest.to_deliver, newest.excluded) == (6, 5, 1)


def test_a_capacity_holds_over_the_runs_together(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """More than N an hour moves to the next slot, also where two runs fall into one hour."""
    with work() as uow:
        details = {"messages": 2, "hours": 1}
        rule = {"team_id": cast.cleo.team_id, "kind": RuleKind.CAPACITY, "name": "Slowly"}
        uow.session.add(TypologyRule(**rule, details=details, changed_at=uow.now))
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, interval=15)))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock, HOUR)
    somebody(work, cast.ana, "b@example.com", "c@example.com", "d@example.com")
    later(work, clock, timedelta(minutes=15))
    assert len(mails(work, found)) == 2
    later(work, clock, HOUR)
    assert len(mails(work, found)) == 4


def test_an_edit_is_for_what_has_not_left_and_what_left_stays_byte_equal(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    run_until_quiet(room)
    left = sink.caught[0].raw
    somebody(work, cast.ana, "b@example.com")
    later(work, clock)
    newer = Content("Newer, {{ first_name }}", "<p>Newer</p>")
    with work() as uow:
        change(uow, cast.cleo, found, a_wish(uow, cast.cleo, content=newer))
    run_until_quiet(room)
    assert sink.caught[0].raw == left and b"Autumn" not in left
    assert b"Subject: Newer, Maria" in sink.caught[1].raw
    with work() as uow:
        lines = versions_of(uow.session, uow.session.get_one(Delivery, found))
        first, last = uow.session.scalars(sa.select(Message).order_by(Message.id)).all()
        assert [(line.version.number, line.mails) for line in lines] == [(2, 1), (1, 1)]
        assert first.subject == "New prices, Maria" and last.wording_id == lines[0].version.wording_id


def test_choosing_is_preparing_and_everything_later_is_starting(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """Whoever may only prepare chooses; confirming, changing and resetting name who can."""
    somebody(work, cast.ana, "a@example.com")
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        made = a_delivery(uow, ben).id
        choose_incremental(uow, ben, made, a_query(clock))
        prepare(uow, ben, made)
    finish_preparing(work, made)
    with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
        confirm(uow, uow.session.get_one(User, cast.ben.id), made, reachable=True)
    with work() as uow:
        confirm(uow, cast.cleo, made, reachable=True)
    let_jobs_run(work)
    for refused in (
        lambda uow, ben: choose_incremental(uow, ben, made, a_query(clock)),
        lambda uow, ben: change(uow, ben, made, a_wish(uow, ben)),
        lambda uow, ben: reset_history(uow, ben, made),
        lambda uow, ben: stop(uow, ben, made),
    ):
        with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
            refused(uow, uow.session.get_one(User, cast.ben.id))


def test_a_changed_query_must_be_prepared_anew(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """It is one of the inputs: confirm refuses when they differ."""
    somebody(work, cast.ana, "a@example.com")
    with work() as uow:
        made = a_delivery(uow, cast.cleo).id
        prepare(uow, cast.cleo, made)
    finish_preparing(work, made)
    with work() as uow:
        choose_incremental(uow, cast.cleo, made, a_query(clock))
        assert uow.session.get_one(Delivery, made).state is DeliveryState.EDITING
    with work() as uow, pytest.raises(IllegalMove, match="not prepared"):
        confirm(uow, cast.cleo, made, reachable=True)


def test_the_date_that_is_looked_at_may_be_set_back(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Shown and editable; left as it is shown, no change is lost or taken twice."""
    somebody(work, cast.ana, "a@example.com")
    clock.forward(timedelta(minutes=2))
    wanted = a_query(clock, Mode.CHANGED)
    found = begun(work, cast, wanted)
    with work() as uow:
        shown = looks_from(uow.session.get_one(Intake, found), wanted)
        choose_incremental(uow, cast.cleo, found, replace(wanted, since=shown, ceiling=5))
    later(work, clock)
    assert len(mails(work, found)) == 1
    with work() as uow, pytest.raises(Invalid, match="whom a run takes stays"):
        choose_incremental(uow, cast.cleo, found, replace(wanted, mode=Mode.NEW))
    with work() as uow:
        choose_incremental(uow, cast.cleo, found, replace(wanted, since="2026-11-01T00:00"))
    later(work, clock)
    assert mails(work, found) == [("a@example.com", 1), ("a@example.com", 2)]


def test_a_rule_without_a_run_left_and_people_chosen_by_hand_are_refused(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    with work() as uow:
        made = a_delivery(uow, cast.cleo).id
        past = every_hour(clock, first="2001-01-01T09:00", runs=3)
        with pytest.raises(Invalid, match="No run is left"):
            choose_incremental(uow, cast.cleo, made, a_query(clock, recurrence=past))
        person = a_person(uow, cast.ana, "a@example.com").id
        by_hand = a_delivery(uow, cast.cleo, name="By hand", audience=Audience(people=(person,))).id
        with pytest.raises(IllegalMove, match="chosen by hand"):
            choose_incremental(uow, cast.cleo, by_hand, a_query(clock))


def test_a_run_takes_as_many_statements_for_many_as_for_few(
    work: Work, cast: Cast, clock: VirtualClock, queries: Queries
) -> None:
    """Set-based: no statement a person."""
    found = begun(work, cast, a_query(clock))
    counts = []
    for number in (1, 40):
        somebody(work, cast.ana, *(f"n{number}-{one}@example.com" for one in range(number)))
        clock.forward(HOUR)
        with queries() as seen:
            let_jobs_run(work)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert len(mails(work, found)) == 41
