"""Random histories: whatever servers report, in whatever order, the figures are those of the seed's two tables.

The figures come from `deliveries/figures.py`. What they must be comes from the reports and hand-overs as they were
noted, by a statement of this test's own that knows the tables and nothing of the product's states.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from integrations.directory import connected
from integrations.smtp import Settings
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.inputs import Settings as Wishes
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.pausing import stop
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Message
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed
from tests.outgoing import due_mails, send
from tests.shards import SHARD
from tests.sink import Sink
from tests.sink_visit import Manners

REPORTS = {
    "hard": (ReportKind.FAILED, Answered(550, "5.1.1", "User unknown")),
    "soft": (ReportKind.FAILED, Answered(452, "4.2.2", "over quota")),
    "delay": (ReportKind.DELAYED, Answered(None, "4.4.1", "Connection timed out")),
    "delivered": (ReportKind.DELIVERED, Answered(250, "2.1.5", "delivered")),
}
OFTEN = ("delivered", "delivered", "soft", "soft", "hard", "delay")
MAILS, STEPS, END = 5, 5, timedelta(days=6)  # validity is five days

# The rules that both tables share: hard wins; a delivery forgives what was soft before it; a delay changes nothing.
# With the feedback service what came back for now counts as failed until its delivery is reported; without it only
# what came back after validity, or was not tried again before it ended.
EXPECTED = sa.text(
    """
    WITH noted AS (
        SELECT m.id, m.valid_until,
               MAX(CASE WHEN a.key IS NULL THEN a.id ELSE 0 END) AS handed,
               MAX(CASE WHEN a.key LIKE 'hard%' THEN a.id ELSE 0 END) AS hard,
               MAX(CASE WHEN a.key LIKE 'delivered%' THEN a.id ELSE 0 END) AS delivered,
               MAX(CASE WHEN a.key LIKE 'soft%' THEN a.id ELSE 0 END) AS soft,
               MAX(CASE WHEN a.key LIKE 'soft%' AND a.at >= m.valid_until THEN a.id ELSE 0 END) AS late
        FROM message m JOIN attempt a ON a.message_id = m.id
        WHERE m.delivery_id = :delivery
        GROUP BY m.id, m.valid_until
    )
    SELECT COUNT(*) AS handed,
           SUM(CASE WHEN hard = 0 AND delivered > 0 THEN 1 ELSE 0 END) AS with_delivered,
           SUM(CASE WHEN hard > 0 OR (soft > 0 AND delivered = 0) THEN 1 ELSE 0 END) AS with_failed,
           SUM(CASE WHEN hard > 0 OR (soft > delivered AND (
                   late > delivered OR (soft > handed AND valid_until <= :now))) THEN 1 ELSE 0 END)
               AS without_failed
    FROM noted
    """
).columns(valid_until=sa.DateTime)


@pytest.fixture(params=["with", "without"])
def confirming(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "with")


@pytest.fixture
def asking(work: Work, cast: Cast, room: PostRoom, sink: Sink, confirming: bool) -> Iterator[PostRoom]:
    """A bulk lane, and servers that give notice of deliveries, or do not. The breaker is another rule."""
    sink.behave(Manners(dsn=True))
    with work() as uow:
        far = uow.now + timedelta(days=9_999)
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True, daily_limit=10_000, judged_from=far))
    providers = connected(Settings(success_notices=confirming))
    yield replace(room, providers=providers)
    providers.close_all()


def check(work: Work, delivery_id: int, confirming: bool, told: object) -> None:
    with work() as uow:
        found = figures_of(uow.session, uow.session.get_one(Delivery, delivery_id))
        row = uow.session.execute(
            EXPECTED, {"delivery": delivery_id, "now": _stored(uow.session, uow.now)}
        ).one()
    failed = row.with_failed if confirming else row.without_failed
    delivered = row.with_delivered if confirming else row.handed - failed
    assert (found.handed, found.sent, found.failed) == (row.handed, delivered, failed), told
    if confirming:
        assert found.sent + found.failed + found.relayed == found.handed, "D + B + open = 100"
    else:
        assert found.sent + found.failed == found.handed, "D + B = 100 at every moment"


def _stored(session: Session, now: datetime) -> object:
    """As the database at hand compares it with what it holds."""
    return f"{now:%Y-%m-%d %H:%M:%S.%f}" if session.get_bind().dialect.name == "sqlite" else now


def send_all(room: PostRoom) -> None:
    while send(room):
        pass


def live_through(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, confirming: bool, seed: int
) -> None:
    """One delivery: handed over, reports in any order and with repeats, retries in between, some after validity."""
    chance, told = random.Random(seed), [f"seed {seed}"]
    people = (f"s{seed}m{n}@example.com" for n in range(MAILS))
    ids = due_mails(work, cast, *people, name=f"History {seed}")[-MAILS:]
    send_all(room)
    with work() as uow:
        delivery_id = uow.session.get_one(Message, ids[0]).delivery_id
    begun = clock.now()
    for step in range(STEPS):
        late = step == STEPS - 1
        clock.forward((begun + END - clock.now()) if late else timedelta(hours=chance.randint(0, 20)))
        if late or chance.random() < 0.7:
            send_all(room)
        reports = [(id, chance.choice(OFTEN), chance.randint(1, 2)) for id in chance.choices(ids, k=MAILS)]
        told += [f"{step}: {name} of {ids.index(id)}" for id, name, _ in reports]
        with work() as uow:
            for id, name, times in reports:
                key = f"{name} {chance.choice((step, 0))}"
                take(uow, [Feedback(id, key, *REPORTS[name])] * times)
        check(work, delivery_id, confirming, told)
    clock.forward(timedelta(days=2))
    send_all(room)
    check(work, delivery_id, confirming, told)


def test_the_figures_of_random_histories(
    work: Work, cast: Cast, asking: PostRoom, clock: VirtualClock, confirming: bool
) -> None:
    """Twenty-eight in all: seven in each mode, on each database."""
    for seed in range(7):
        live_through(work, cast, asking, clock, confirming, seed)


@pytest.mark.deep
def test_the_figures_of_five_hundred_random_histories(
    work: Work, cast: Cast, asking: PostRoom, clock: VirtualClock, confirming: bool
) -> None:
    for seed in SHARD.among(range(1_000, 1_125)):
        live_through(work, cast, asking, clock, confirming, seed)


@pytest.mark.parametrize("given_up", ["stopped", "out of time"])
def test_hard_wins_over_a_delivery_also_after_it_was_given_up(
    work: Work, cast: Cast, asking: PostRoom, clock: VirtualClock, confirming: bool, given_up: str
) -> None:
    """Soft, no more tried, then hard, then reported as delivered: it failed, whatever came last."""
    with work() as uow:
        a_person(uow, cast.ana)
    number = confirmed(work, cast.cleo)
    run_until_quiet(asking)
    with work() as uow:
        [mail] = uow.session.scalars(sa.select(Message.id))
        take(uow, [Feedback(mail, "soft", *REPORTS["soft"])])
    if given_up == "stopped":
        with work() as uow:
            stop(uow, cast.cleo, number)
    else:
        clock.forward(END)
        run_until_quiet(asking)
    with work() as uow:
        take(uow, [Feedback(mail, name, *REPORTS[name]) for name in ("hard", "delivered")])
    check(work, number, confirming, given_up)


def test_the_vector_at_every_moment(
    work: Work, cast: Cast, asking: PostRoom, clock: VirtualClock, confirming: bool
) -> None:
    """100 relayed, 70 accepted, 10 hard, 20 soft of which 15 recover, report by report in a random order: 85 / 15."""
    ids = due_mails(work, cast, *(f"v{n}@example.com" for n in range(100)))
    run_until_quiet(asking)
    with work() as uow:
        delivery_id = uow.session.get_one(Message, ids[0]).delivery_id
    reports = [*((id, "delivered") for id in ids[:70]), *((id, "hard") for id in ids[70:80])]
    reports += [(id, "soft") for id in ids[80:]]
    random.Random(3).shuffle(reports)
    for first in range(0, len(reports), 4):
        with work() as uow:
            take(uow, [Feedback(id, name, *REPORTS[name]) for id, name in reports[first : first + 4]])
        check(work, delivery_id, confirming, first)
    clock.forward(timedelta(hours=1, minutes=1))
    run_until_quiet(asking)
    check(work, delivery_id, confirming, "tried again")
    with work() as uow:
        take(uow, [Feedback(id, "delivered", *REPORTS["delivered"]) for id in ids[80:95]])
    clock.forward(END)
    with work() as uow:
        take(uow, [Feedback(id, "soft, the last", *REPORTS["soft"]) for id in ids[95:]])
    check(work, delivery_id, confirming, "the end")
    with work() as uow:
        found = figures_of(uow.session, uow.session.get_one(Delivery, delivery_id))
        assert (found.sent, found.failed, found.handed) == (85, 15, 100)


def test_a_delivery_reported_after_a_stop_is_still_recorded(work: Work, cast: Cast, asking: PostRoom) -> None:
    """The rule: stop cancels what is queued or retrying; late feedback is still recorded."""
    with work() as uow:
        for name in "ab":
            a_person(uow, cast.ana, f"{name}@example.com")
    number = confirmed(work, cast.cleo, settings=Wishes(waves=equal_waves(50, timedelta(hours=9))))
    run_until_quiet(asking)
    with work() as uow:
        [first] = uow.session.scalars(sa.select(Message.id))
        take(uow, [Feedback(first, "soft", *REPORTS["soft"])])
    with work() as uow:
        assert stop(uow, cast.cleo, number) == 2
    with work() as uow:
        figures = figures_of(uow.session, uow.session.get_one(Delivery, number))
        assert (figures.sent, figures.failed, figures.cancelled) == (0, 1, 1)
        take(uow, [Feedback(first, "delivered", *REPORTS["delivered"])])
    with work() as uow:
        figures = figures_of(uow.session, uow.session.get_one(Delivery, number))
    assert (figures.sent, figures.failed, figures.cancelled) == (1, 0, 1)
