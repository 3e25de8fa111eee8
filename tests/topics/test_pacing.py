"""Limits of a mailbox hold whoever sends; what is over them waits for its own place, and nothing is dropped."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Bucket
from sales_campaigns.messages.pace.forgetting import forget_old_buckets
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, send, states
from tests.sink import Sink

SIX = tuple(f"{name}@example.com" for name in ("maria", "nils", "olga", "per", "rosa", "sven"))


@pytest.fixture(params=[False, True], ids=["singly", "bulk"], autouse=True)
def paced(request: pytest.FixtureRequest, work: Work, cast: Cast, sink: Sink) -> None:
    """Twenty a minute: two at once, then one in 3⅓ seconds."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(per_minute=20, bulk_lane=request.param))


def test_what_is_over_the_limit_waits_for_its_own_place_and_nothing_is_dropped(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    ids = due_mails(work, cast, *SIX)
    begun = clock.now()
    send(room)
    assert states(work) == ["sent", "sent", *["pending"] * 4]
    waiting = [message(work, id) for id in ids[2:]]
    assert [one.reason for one in waiting] == ["paced"] * 4
    assert {one.due_at for one in waiting} == {message(work, ids[0]).due_at}, "the plan does not drift"
    assert all(begun < one.act_at <= begun + timedelta(seconds=20) for one in waiting)
    assert send(room) == 0, "nobody asks before its place has come"
    for _ in range(4):
        a_minute_passes(work, clock)
        send(room)
    assert states(work) == ["sent"] * 6 and len(sink.caught) == 6


def test_two_workers_share_one_limit(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, *SIX)
    rooms = [replace(room, owner=f"worker {number}") for number in range(2)]
    threads = [threading.Thread(target=dispatch, args=(one, cast.ana_box.id, 3)) for one in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states(work)) == [*["pending"] * 4, "sent", "sent"]
    assert len(sink.caught) == 2


def test_a_mailbox_without_limits_keeps_no_bucket(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(per_minute=None))
    due_mails(work, cast, *SIX)
    send(room)
    assert states(work) == ["sent"] * 6
    with work() as uow:
        assert uow.session.scalars(sa.select(Bucket)).all() == []


def test_a_mailbox_whose_mails_reach_nobody_stops_by_itself(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: 5 % hard bounces over 200 stop it; after it was connected again, counting begins anew."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(per_minute=None))
    sink.obey(lambda position, said: "550 5.1.1 nobody" if position == "RCPT" and "no." in said else None)
    due_mails(work, cast, *(f"p{number}@example.com" for number in range(191)))
    due_mails_named(work, cast, *(f"no.{number}@example.com" for number in range(9)), "last@example.com")
    while send(room):
        pass
    assert box_of(work, cast).state == "connected", "9 of 201"
    due_mails_named(work, cast, "no.more@example.com", "after@example.com")
    send(room)
    stopped = box_of(work, cast)
    assert stopped.state == "stopped" and "10 had no such recipient" in stopped.trouble
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(state="connected"))
    due_mails_named(work, cast, "no.again@example.com")
    while send(room):
        pass
    assert box_of(work, cast).state == "connected"


def due_mails_named(work: Work, cast: Cast, *emails: str) -> None:
    """As due_mails, as often as wanted: each campaign of a team has a name of its own."""
    from sales_campaigns.enrollments.launches.launching import Order, launch
    from tests.builders import a_campaign, a_mail
    from tests.cast import a_person

    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"For {emails[0]}")
        people = [a_person(uow, cast.ana, email).id for email in emails]
        launch(uow, cast.ana, Order(campaign.id, people))


def box_of(work: Work, cast: Cast) -> Mailbox:
    with work() as uow:
        return uow.session.get_one(Mailbox, cast.ana_box.id)


def a_minute_passes(work: Work, clock: VirtualClock) -> None:
    """For the plan, and for the machine too."""
    clock.forward(timedelta(minutes=1))
    with work() as uow:
        uow.session.execute(sa.update(Bucket).values(filled_at=machine_now() - timedelta(minutes=1)))


def test_buckets_that_were_left_alone_for_two_days_are_forgotten(work: Work) -> None:
    now = machine_now()
    with work() as uow:
        for key, age in (("mailbox:1:ramp:2026-11-01", 3), ("domain:a.example", 3), ("mailbox:1:minute", 1)):
            uow.session.add(Bucket(key=key, tokens=0.0, filled_at=now - timedelta(days=age)))
    with work() as uow:
        assert forget_old_buckets(uow) == 2
        assert uow.session.scalars(sa.select(Bucket.key)).all() == ["mailbox:1:minute"]
