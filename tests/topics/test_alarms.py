"""Alarms of deliveries: once a day per criterion, to the owner and to whoever may start it, by mail and in the list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.alarms.watching import watch
from sales_campaigns.deliveries.inputs import Schedule
from sales_campaigns.deliveries.pausing import pause
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.notices.models import Notice, UserLetter
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, let_jobs_run, prepared
from tests.sink import Sink


@pytest.fixture
def three(work: Work, cast: Cast) -> None:
    with work() as uow:
        for name in "abc":
            a_person(uow, cast.ana, f"{name}@example.com")


def told(work: Work) -> list[str]:
    with work() as uow:
        watch(uow)
    with work() as uow:
        return list(uow.session.scalars(sa.select(DeliveryAlarm.criterion).order_by(DeliveryAlarm.id)))


def test_a_failed_preparation_is_told_once_a_day(
    work: Work, cast: Cast, three: None, clock: VirtualClock
) -> None:
    prepared(work, cast.cleo, content=Content("Hi {{ first_name }}", "<p>{{ custom_thing }}</p>"))
    assert told(work) == ["preparation_failed"] == told(work)
    clock.forward(timedelta(days=1))
    assert told(work) == ["preparation_failed"] * 2
    clock.forward(timedelta(days=7))
    assert told(work) == ["preparation_failed"] * 2, "for a week"


def test_an_overdue_confirmation_is_told(work: Work, cast: Cast, three: None, clock: VirtualClock) -> None:
    prepared(work, cast.cleo, schedule=Schedule("2026-12-01T09:00", "Europe/Stockholm"))
    assert told(work) == []
    clock.forward(timedelta(days=1))
    assert told(work) == ["confirmation_overdue"]


@pytest.mark.parametrize(
    ("answer", "criteria"),
    [("550 5.1.1 nobody here", {"hard_ratio", "delivery_failed"}), ("452 4.2.2 over quota", set())],
)
def test_a_delivery_of_which_nothing_arrived(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink, answer: str, criteria: set[str]
) -> None:
    """Refused for now before it was taken: it is not handed off yet, and tried again."""
    sink.obey(lambda position, argument: answer if position == "RCPT" else None)
    confirmed(work, cast.cleo)
    run_until_quiet(room)
    assert set(told(work)) == criteria


def test_what_came_back_for_now_counts_as_soft(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink
) -> None:
    confirmed(work, cast.cleo)
    run_until_quiet(room)
    with work() as uow:
        first = sa.select(sa.func.min(Message.id)).scalar_subquery()
        changed = {"came_back_at": uow.now, "failure": "soft", "state": "failed"}
        uow.session.execute(sa.update(Message).where(Message.id == first).values(**changed))
    assert told(work) == ["soft_ratio"]


def test_pending_too_long_is_told_while_nothing_leaves_and_not_while_it_is_paused(
    work: Work, cast: Cast, three: None, clock: VirtualClock
) -> None:
    number = confirmed(work, cast.cleo)
    let_jobs_run(work)
    clock.forward(timedelta(minutes=59))
    assert told(work) == []
    with work() as uow:
        pause(uow, cast.cleo, number)
    clock.forward(timedelta(minutes=5))
    assert told(work) == []
    from sales_campaigns.deliveries.pausing import resume

    with work() as uow:
        resume(uow, cast.cleo, number)
    assert told(work) == ["pending_too_long"]


def test_throughput_too_low_is_told_where_the_mailbox_could_send_more(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(per_minute=1))
        for place in range(70):
            a_person(uow, cast.ana, f"p{place}@example.com")
    confirmed(work, cast.cleo)
    let_jobs_run(work)
    clock.forward(timedelta(hours=1))
    with work() as uow:
        some = sa.select(Message.id).order_by(Message.id).limit(5)
        left = {"state": "sent", "sent_at": uow.now - timedelta(minutes=1)}
        uow.session.execute(sa.update(Message).where(Message.id.in_(some)).values(**left))
    assert told(work) == ["throughput_too_low"]


def test_owner_and_starters_have_a_notice_and_a_mail_and_nobody_else(
    work: Work, cast: Cast, three: None, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        cast.ben = ben
    prepared(work, cast.ben, content=Content("Hi", "<p>{{ custom_thing }}</p>"), name="Prices")
    run_until_quiet(room)
    with work() as uow:
        rows = uow.session.execute(sa.select(Notice.user_id, Notice.words, Notice.delivery_id)).all()
        assert {row.user_id for row in rows} == {cast.ben.id, cast.cleo.id}
        assert {row.words for row in rows} == {"“Prices”: Its preparation failed: the journal says why."}
    fast_forward(room, clock, clock.now() + timedelta(minutes=5))
    with work() as uow:
        assert set(uow.session.scalars(sa.select(UserLetter.user_id))) == {cast.ben.id, cast.cleo.id}
    assert sorted(mail.recipients[0] for mail in sink.caught) == ["ben@north.example", "cleo@north.example"]


def test_more_deliveries_take_no_more_queries(
    work: Work, cast: Cast, three: None, queries: Callable[[], Any]
) -> None:
    counts = []
    for _ in range(2):
        confirmed(work, cast.cleo)
        prepared(work, cast.cleo)
        with queries() as seen:
            told(work)
        counts.append(len(seen))
    assert counts[0] == counts[1]
