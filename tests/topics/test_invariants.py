"""What must always be true is asked of the rows; what does not hold is found and named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from sales_campaigns.checkups.promises import NAMES, broken_promises
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.deliveries import balance
from sales_campaigns.deliveries.models import Exclusion, Preparation, Recipient
from sales_campaigns.enrollments.models import Launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from scheduler.jobs import JOBS, run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed
from tests.outgoing import due_mails, send
from tests.sink import Sink

LEASE = {
    "owner": "somebody",
    "lease_until": machine_now() + timedelta(hours=1),
    "message_id": "<a@b.example>",
}
PAST = machine_now() - timedelta(minutes=2)
AUDIT = next(job for job in JOBS if job.name == "audit")


def found(work: Work) -> list[tuple[str, int]]:
    """As pages and monitors are told."""
    with work() as uow:
        return [(one.name, one.count) for one in broken_promises(uow.session)]


def audited(work: Work, room: PostRoom) -> list[tuple[str, int]]:
    """The same once all has been asked, as the log is told too."""
    with capture_logs() as told:
        AUDIT.do(room, "all")
    assert [(one["name"], one["count"], one["log_level"]) for one in told] == [
        (name, count, "error") for name, count in found(work)
    ]
    return found(work)


def test_they_are_asked_every_minute() -> None:
    assert AUDIT.every == 60


def test_nothing_is_found_where_all_is_well(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    assert audited(work, room) == []
    send(room)
    assert audited(work, room) == []


@pytest.mark.parametrize(
    ("stands", "name"),
    [
        ({"state": "sending", **LEASE}, None),
        ({"state": "sending", **LEASE, "lease_until": PAST}, "in_hand_past_lease"),
        ({"state": "claimed", **LEASE, "lease_until": PAST}, "in_hand_past_lease"),
        ({"state": "claimed", **LEASE, "lease_until": None}, "in_hand_of_nobody"),
        ({"state": "claimed", **LEASE, "owner": None}, "in_hand_of_nobody"),
        ({"state": "sending", **LEASE, "message_id": None}, "begun_without_a_name"),
    ],
)
def test_what_does_not_hold_is_found(
    stands: dict[str, Any], name: str | None, work: Work, cast: Cast, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(**stands))
    assert found(work) == ([(name, 1)] if name else [])


@pytest.fixture
def two(work: Work, cast: Cast, sink: Sink) -> int:
    """A delivery that goes on: one of two is to get it, the other opted out."""
    with work() as uow:
        a_person(uow, cast.ana, "maria@example.com")
        out = a_person(uow, cast.ana, "nils@example.com")
        assert out.address is not None
        out.address.opted_out_at = uow.now
    return confirmed(work, cast.cleo)


def test_a_launch_that_lost_somebody_is_found_until_it_is_mended(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: messages + exclusions = targeted, checked live every minute."""
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Launch).values(targeted=2))
    assert audited(work, room) == [("launches_out_of_balance", 1)]
    with work() as uow:
        uow.session.execute(sa.update(Launch).values(targeted=1))
    assert audited(work, room) == []


@pytest.mark.parametrize("lost", [Recipient, Exclusion, Message])
def test_a_delivery_that_lost_somebody_is_found(
    lost: type, two: int, work: Work, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    """The rule: messages + exclusions = targeted; a recipient waits to become a message."""
    assert audited(work, room) == []
    if lost is Message:
        run_until_quiet(room)
        assert len(sink.caught) == 1 and audited(work, room) == []
    with work() as uow:
        if lost is Message:
            uow.session.execute(sa.update(Message).values(attempt=2))
        else:
            uow.session.execute(sa.delete(lost))
    assert audited(work, room) == [("deliveries_out_of_balance", 1)]
    clock.forward(timedelta(days=2))
    assert audited(work, room) == ([] if lost is Message else [("deliveries_out_of_balance", 1)]), (
        "one that has been over for a day is not counted any more"
    )


def test_a_preparation_that_says_another_number_is_found(two: int, work: Work, room: PostRoom) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Preparation).values(targeted=3, to_deliver=2))
    assert audited(work, room) == [("deliveries_out_of_balance", 1)]


@pytest.mark.parametrize(("at_once", "found"), [(2, 0), (3, 1)])
def test_so_many_rows_are_counted_at_once_and_the_newest_delivery_always(
    two: int,
    work: Work,
    cast: Cast,
    room: PostRoom,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    found: int,
) -> None:
    """It is asked every minute, however large deliveries are."""
    with work() as uow:
        uow.session.execute(sa.update(Preparation).values(targeted=3, to_deliver=2))
    confirmed(work, cast.cleo, name="The newest")
    monkeypatch.setattr(balance, "ROWS_AT_ONCE", at_once)
    assert audited(work, room) == [("deliveries_out_of_balance", 1)] * found


def test_every_promise_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES) == 5
