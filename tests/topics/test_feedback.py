"""The feedback service: the two tables cell by cell, through what the dispatcher, the reports and the pages use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.directory import connected
from integrations.smtp import Settings
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.figures import figures_of, percent
from sales_campaigns.deliveries.logs import sending_log, status_words
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.messages.feedback.models import UnknownBounce
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.people.models import Address
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, states
from tests.sink import Sink
from tests.sink_visit import Manners

HARD = (ReportKind.FAILED, Answered(550, "5.1.1", "User unknown"))
SOFT = (ReportKind.FAILED, Answered(452, "4.2.2", "over quota"))
DELAYED = (ReportKind.DELAYED, Answered(None, "4.4.1", "Connection timed out"))
DELIVERED = (ReportKind.DELIVERED, Answered(250, "2.1.5", "delivered"))
Kind = tuple[ReportKind, Answered]
Sent = Callable[[int], list[int]]


@pytest.fixture(params=["with", "without"])
def confirming(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "with")


@pytest.fixture
def asking(room: PostRoom, sink: Sink, confirming: bool) -> Iterator[PostRoom]:
    """The room; its servers give notice of deliveries, or do not."""
    sink.behave(Manners(dsn=True))
    providers = connected(Settings(success_notices=confirming))
    yield replace(room, providers=providers)
    providers.close_all()


@pytest.fixture
def handed(work: Work, cast: Cast, asking: PostRoom) -> Sent:
    """So many mails of one delivery, handed over on a bulk lane; their ids."""

    def hand(number: int) -> list[int]:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(bulk_lane=True, daily_limit=10_000))
        ids = due_mails(work, cast, *(f"p{n}@example.com" for n in range(number)))
        run_until_quiet(asking)
        return ids

    return hand


def report(work: Work, ids: list[int], kind: Kind, key: str = "") -> None:
    with work() as uow:
        take(uow, [Feedback(id, key or f"{kind[0]} {kind[1].enhanced}", *kind) for id in ids])


def shown(work: Work) -> tuple[str, str]:
    """Delivered and bounces + errors, as the page prints them."""
    with work() as uow:
        found = figures_of(uow.session, uow.session.scalars(sa.select(Delivery)).one())
        return percent(found.sent, found.handed), percent(found.failed, found.handed)


def log_of(work: Work, id: int) -> str:
    with work() as uow:
        lines = sending_log(uow.session, uow.session.scalars(sa.select(Delivery)).one(), limit=500)
        return next(status_words(line) for line in lines if line.message_id == id)


def test_both_tables_cell_by_cell(
    work: Work, handed: Sent, confirming: bool, asking: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    first, second, third, _ = handed(4)
    assert shown(work) == (("0.0 %", "0.0 %") if confirming else ("100.0 %", "0.0 %"))
    assert log_of(work, first) == ("Pending" if confirming else "Sent")
    report(work, [first], HARD)
    assert shown(work) == (("0.0 %", "25.0 %") if confirming else ("75.0 %", "25.0 %"))
    assert log_of(work, first) == "Failed"
    report(work, [second, third], SOFT)
    assert shown(work) == (("0.0 %", "75.0 %") if confirming else ("75.0 %", "25.0 %"))
    assert log_of(work, second) == ("Failed (retrying)" if confirming else "Sent (retrying)")
    clock.forward(timedelta(hours=1, minutes=1))
    run_until_quiet(asking)
    assert len(sink.caught) == 6, "both were tried again"
    names = [mail.message_id for mail in sink.caught]
    assert len(set(names)) == 4, "with the same Message-ID"
    report(work, [second], DELIVERED)
    assert log_of(work, second) == "Sent"
    assert shown(work) == (("25.0 %", "50.0 %") if confirming else ("75.0 %", "25.0 %"))
    clock.forward(timedelta(days=6))
    report(work, [third], SOFT, "the last")
    assert message(work, third).state == ("failed")
    assert log_of(work, third) == "Failed"
    assert shown(work) == (("25.0 %", "50.0 %") if confirming else ("50.0 %", "50.0 %"))


def test_the_vector_ends_at_85_and_15_both_ways(
    work: Work, handed: Sent, confirming: bool, asking: PostRoom, clock: VirtualClock
) -> None:
    """100 relayed, 70 accepted, 10 hard, 20 soft of which 15 recover."""
    ids = handed(100)
    with work() as uow:  # the breaker is another rule
        uow.session.execute(sa.update(Mailbox).values(judged_from=uow.now + timedelta(days=30)))
    seen = [shown(work)]
    for part, kind in ((ids[:70], DELIVERED), (ids[70:80], HARD), (ids[80:], SOFT)):
        report(work, part, kind)
        seen.append(shown(work))
    clock.forward(timedelta(hours=1, minutes=1))
    run_until_quiet(asking)
    report(work, ids[80:95], DELIVERED)
    clock.forward(timedelta(days=6))
    report(work, ids[95:], SOFT, "the last")
    seen.append(shown(work))
    with_it = [("0.0", "0.0"), ("70.0", "0.0"), ("70.0", "10.0"), ("70.0", "30.0"), ("85.0", "15.0")]
    without = [("100.0", "0.0"), ("100.0", "0.0"), ("90.0", "10.0"), ("90.0", "10.0"), ("85.0", "15.0")]
    assert seen == [(f"{d} %", f"{b} %") for d, b in (with_it if confirming else without)]


def test_a_report_counts_once_however_often_it_comes(work: Work, handed: Sent) -> None:
    [first] = handed(1)
    for _ in range(3):
        report(work, [first], SOFT, "<dsn-1@mx.example>")
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).where(Attempt.key.is_not(None))) == 1
        assert uow.session.scalars(sa.select(Address.errors)).one() == 1


def test_a_delay_starts_no_retry(
    work: Work, handed: Sent, asking: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    [first] = handed(1)
    report(work, [first], DELAYED)
    fast_forward(asking, clock, clock.now() + timedelta(days=7))
    assert len(sink.caught) == 1
    assert "has not taken it yet: Connection timed out" in message(work, first).words


def test_a_mail_that_arrived_after_all_is_not_sent_twice(
    work: Work, handed: Sent, asking: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    [first] = handed(1)
    report(work, [first], SOFT)
    report(work, [first], DELIVERED)
    fast_forward(asking, clock, clock.now() + timedelta(days=7))
    assert states(work) == ["sent"] and len(sink.caught) == 1


def test_a_hard_bounce_fails_a_mail_that_had_come_back_and_waits_for_a_person(
    work: Work, handed: Sent, asking: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    """It came back, its second hand-over was of unknown end, and somebody said: send it again. The late report wins."""
    [first] = handed(1)
    report(work, [first], SOFT)
    with work() as uow:
        again = uow.session.get_one(Message, first)
        for verb in ("claim", "begin", "lose_sight", "send_again"):
            uow.move(MESSAGE, again, verb)
    assert message(work, first).state == "pending"
    report(work, [first], HARD)
    assert (message(work, first).state, message(work, first).failure) == ("failed", "hard")
    with work() as uow:
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "message.failed")).all()
    assert len(told) == 1
    fast_forward(asking, clock, clock.now() + timedelta(days=7))
    assert len(sink.caught) == 1 and log_of(work, first) == "Failed"


def test_a_reps_own_mailbox_never_sends_again_by_itself(
    work: Work, cast: Cast, asking: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    run_until_quiet(asking)
    report(work, [first], SOFT)
    fast_forward(asking, clock, clock.now() + timedelta(days=7))
    assert states(work) == ["failed"] and len(sink.caught) == 1


def test_thousands_are_taken_in_a_flat_number_of_statements(
    work: Work, handed: Sent, queries: Callable[[], object]
) -> None:
    ids = handed(60)
    counts = []
    for part in (ids[:5], ids[5:]):
        with queries() as seen:  # type: ignore[attr-defined]
            report(work, part, SOFT)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15


@pytest.mark.parametrize(
    ("days", "errors", "quarantined"),
    [
        ([0, 1, 2, 3, 4], 5, True),
        ([0, 0.5, 1, 1.5, 2], 3, False),
        ([0, 1, 2, 3, 34.5], 1, False),  # the mailbox was full: forgotten after 30 days
    ],
)
def test_the_fifth_significant_error_at_least_a_day_apart_quarantines(
    days: list[float], errors: int, quarantined: bool, work: Work, handed: Sent, clock: VirtualClock
) -> None:
    [first] = handed(1)
    begun = clock.now()
    for number, day in enumerate(days):
        clock.forward(begun + timedelta(days=day) - clock.now())
        with work() as uow:
            uow.session.execute(
                sa.update(Message).values(state="relayed", valid_until=uow.now + timedelta(days=9))
            )
        report(work, [first], SOFT, str(number))
    with work() as uow:
        address = uow.session.scalars(sa.select(Address)).one()
        assert (address.errors, address.quarantined_at is not None) == (errors, quarantined)


def test_a_delivery_forgives_and_an_allowed_address_is_never_quarantined(work: Work, handed: Sent) -> None:
    first, second = handed(2)
    report(work, [first], SOFT)
    report(work, [first], DELIVERED)
    with work() as uow:
        uow.session.execute(
            sa.update(Address).where(Address.email == "p1@example.com").values(allowed_at=uow.now)
        )
    report(work, [second], HARD)
    with work() as uow:
        rows = uow.session.execute(sa.select(Address.errors, Address.quarantined_at).order_by(Address.id))
        assert [tuple(row) for row in rows] == [(0, None), (0, None)]


def test_what_no_rule_fits_is_queued_and_counts_for_no_address(work: Work, handed: Sent) -> None:
    ids = handed(3)
    report(work, ids, (ReportKind.FAILED, Answered(554, "", "Computer 12345 says no to <x@y.example>")))
    with work() as uow:
        unknown = uow.session.scalars(sa.select(UnknownBounce)).one()
        assert (unknown.text, unknown.count) == ("Computer #number# says no to #address#", 3)
        assert set(uow.session.scalars(sa.select(Address.errors))) == {0}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([HARD, SOFT, DELAYED, DELIVERED, HARD, SOFT]), st.integers(0, 6))
def test_in_any_order_and_with_repeats_hard_wins_and_the_figures_add_up(
    work: Work, handed: Sent, kinds: list[Kind], cut: int
) -> None:
    with work() as uow:
        first = uow.session.scalars(sa.select(Message.id).limit(1)).first()
    if first is None:
        [first] = handed(1)
    with work() as uow:
        fresh = {"state": "relayed", "came_back_at": None, "failure": None, "reason": "", "confirms": True}
        uow.session.execute(sa.delete(Attempt))
        uow.session.execute(sa.update(Message).values(**fresh))
    for kind in [*kinds[:cut], *kinds]:
        report(work, [first], kind)
        with work() as uow:
            found = figures_of(uow.session, uow.session.scalars(sa.select(Delivery)).one())
        assert found.relayed + found.sent + found.failed == found.handed == 1, (
            "nothing is lost or counted twice"
        )
    assert states(work) == ["failed"] and message(work, first).failure == "hard"


@pytest.mark.parametrize(("engine", "confirming"), [("sqlite", "without")], indirect=True)
def test_a_mailbox_whose_mails_come_back_from_nobody_stops_by_itself(
    handed: Sent, work: Work, cast: Cast
) -> None:
    """The rule: 5 % hard bounces over 200 stop it, whether a server says so at once or later."""
    ids = handed(200)
    for some, state in ((ids[:9], "connected"), (ids[9:10], "stopped")):
        report(work, some, HARD)
        with work() as uow:
            box = uow.session.get_one(Mailbox, cast.ana_box.id)
            assert box.state == state
    assert box.trouble.startswith("Of its last 200 mails 10 had no such recipient.")
