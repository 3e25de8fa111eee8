"""Continuous deliveries beside what holds for every delivery: saved searches, capacity, seeds, alarms, retention."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.alarms.watching import watch
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.executions import totals_of
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.models import Delivery, Exclusion, Preparation
from sales_campaigns.deliveries.pausing import stop
from sales_campaigns.deliveries.proofing.profiles import add_profile
from sales_campaigns.deliveries.retention.keeping import change_retention
from sales_campaigns.deliveries.retention.removing import remove_old
from sales_campaigns.deliveries.typology.models import Of, RuleKind, TypologyRule
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.listing import Wanted
from sales_campaigns.people.models import Person
from sales_campaigns.people.searches import save_search
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.deliveries import confirmed, figures, let_jobs_run
from tests.sink import Sink
from tests.topics.test_continuous import HOUR, a_query, begun, every_hour, increments, later, mails, somebody
from tests.topics.test_series import a_rule, a_series, go_to, planned

QUARTER = timedelta(minutes=15)


def limited(work: Work, cast: Cast, messages: int, **details: object) -> None:
    with work() as uow:
        rule = {"team_id": cast.cleo.team_id, "kind": RuleKind.CAPACITY, "name": "Slowly"}
        told = {"messages": messages, "hours": 1, **details}
        uow.session.add(TypologyRule(**rule, details=told, changed_at=uow.now))


def addresses(work: Work, number: int) -> list[str]:
    return [email for email, _ in mails(work, number)]


def test_its_audience_may_be_a_saved_search(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Whoever the search finds at a run is taken: somebody new, and somebody who fits only now."""
    with work() as uow:
        search = save_search(uow, cast.cleo, "Fjord", Wanted(words="fjord")).id
    somebody(work, cast.ana, "a@example.com")
    (other,) = somebody(work, cast.ana, "other@example.com", company="Harbour")
    found = begun(work, cast, a_query(clock), audience=Audience(groups=(search,)))
    assert addresses(work, found) == ["a@example.com"]
    somebody(work, cast.ana, "b@example.com")
    later(work, clock)
    with work() as uow:
        uow.session.get_one(Person, other).company = "Fjord"
    later(work, clock)
    assert addresses(work, found) == ["a@example.com", "b@example.com", "other@example.com"]


@pytest.mark.parametrize("of", list(Of))
def test_whoever_a_capacity_moved_goes_before_a_later_run(
    work: Work, cast: Cast, clock: VirtualClock, of: Of
) -> None:
    """More than N an hour moves to the next slot, of the delivery, its mailbox or its domain; the first is first."""
    limited(work, cast, 2, of=of)
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, interval=15)))
    somebody(work, cast.ana, *(f"{name}1@example.com" for name in "abcde"))
    later(work, clock, HOUR)
    somebody(work, cast.ana, "late@example.com")
    later(work, clock, QUARTER)
    assert len(mails(work, found)) == 2
    later(work, clock, HOUR)
    assert len(mails(work, found)) == 4
    later(work, clock, HOUR)
    assert addresses(work, found)[4:] == ["e1@example.com", "late@example.com"]


def test_what_leaves_the_mailbox_beside_it_takes_its_places(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    limited(work, cast, 2, of=Of.MAILBOX)
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, interval=15)))
    later(work, clock, HOUR)
    somebody(work, cast.ana, "a@example.com")
    other = confirmed(work, cast.cleo)
    let_jobs_run(work)
    assert addresses(work, other) == ["a@example.com"]
    somebody(work, cast.ana, "b@example.com")
    later(work, clock, QUARTER)
    assert addresses(work, found) == ["a@example.com"]
    later(work, clock, HOUR)
    assert addresses(work, found) == ["a@example.com", "b@example.com"]


def test_a_capacity_that_leaves_out_counts_the_runs_of_one_slot_together(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    limited(work, cast, 2, excludes=True)
    found = begun(work, cast, a_query(clock, recurrence=every_hour(clock, interval=15)))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock, HOUR)
    somebody(work, cast.ana, "b@example.com", "c@example.com")
    later(work, clock, QUARTER)
    assert [(one.to_deliver, one.excluded) for one in increments(work, found)] == [(0, 0), (1, 0), (1, 1)]
    somebody(work, cast.ana, "d@example.com", "e@example.com")
    later(work, clock, HOUR)
    assert increments(work, found)[-1].to_deliver == 2, "another slot"


def test_seeds_get_their_copy_with_the_first_run_that_finds_somebody(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        add_profile(uow, cast.cleo, name="Inbox", email="seed@north.example", seed=True)
    found = begun(work, cast, a_query(clock))
    for name in "ab":
        somebody(work, cast.ana, f"{name}@example.com")
        later(work, clock)
    run_until_quiet(room)
    assert addresses(work, found).count("seed@north.example") == 1, "once, however many runs"
    assert figures(work, found).to_deliver == 2, "outside all figures"


def test_it_is_watched_for_what_goes_wrong_and_last_weeks_trouble_is_over(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    sink.obey(lambda position, argument: "550 5.1.1 nobody here" if position == "RCPT" else None)
    begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com")
    later(work, clock)
    run_until_quiet(room)
    assert told(work) == ["hard_ratio"]
    clock.forward(timedelta(days=8))
    assert told(work) == ["hard_ratio"]


def told(work: Work) -> list[str]:
    with work() as uow:
        watch(uow)
    with work() as uow:
        return list(uow.session.scalars(sa.select(DeliveryAlarm.criterion).order_by(DeliveryAlarm.id)))


def test_compute_stats_leaves_what_its_first_run_found(work: Work, cast: Cast, clock: VirtualClock) -> None:
    somebody(work, cast.ana, "a@example.com")
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "b@example.com")
    later(work, clock)
    with work() as uow:
        assert compute_stats(uow, cast.cleo, found) == []
        assert uow.session.get_one(Preparation, found).to_deliver == 1
    assert figures(work, found).to_deliver == 2


def removed(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """Every log older than thirty days."""
    clock.forward(timedelta(days=31))
    with work() as uow:
        asked = {"tracking_days": "30", "exclusion_days": "30", "sending_days": "30"}
        change_retention(uow, cast.cleo, asked)
    with work() as uow:
        assert remove_old(uow)
    with work() as uow:
        assert not uow.session.scalars(sa.select(Message.id)).all()
        assert not uow.session.scalars(sa.select(Exclusion.id)).all()


def test_once_it_is_over_its_old_rows_go_and_its_figures_stay(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    found = begun(work, cast, a_query(clock))
    somebody(work, cast.ana, "a@example.com", "nobody")
    later(work, clock)
    run_until_quiet(room)
    with work() as uow:
        stop(uow, cast.cleo, found)
    before = figures(work, found)
    assert (before.handed, before.excluded) == (1, 1)
    removed(work, cast, clock)
    assert figures(work, found) == before


def test_the_totals_of_a_series_count_runs_whose_rows_were_removed(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    """The rule: the parent shows totals. Of removed rows, what was kept."""
    somebody(work, cast.ana, "a@example.com", "nobody")
    rule = a_rule(clock, runs=1)
    series = a_series(work, cast, rule)
    go_to(work, clock, planned(rule, 1)[0])
    run_until_quiet(room)
    with work() as uow:
        before = totals_of(uow.session, uow.session.get_one(Delivery, series))
    assert (before.handed, before.excluded) == (1, 1)
    removed(work, cast, clock)
    with work() as uow:
        assert totals_of(uow.session, uow.session.get_one(Delivery, series)) == before
