"""What must always be true is asked of the rows; what does not hold is found and named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.launches.balance import launches_out_of_balance
from sales_campaigns.enrollments.models import Launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.invariants import findings
from sales_campaigns.messages.models import Message
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, send
from tests.sink import Sink

LEASE = {
    "owner": "somebody",
    "lease_until": machine_now() + timedelta(hours=1),
    "message_id": "<a@b.example>",
}
PAST = machine_now() - timedelta(minutes=2)


def found(work: Work) -> list[tuple[str, int]]:
    with work() as uow:
        both = (*findings(uow.session, machine_now()), *launches_out_of_balance(uow.session))
        return [(one.name, one.count) for one in both]


def test_nothing_is_found_where_all_is_well(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    assert found(work) == []
    send(room)
    assert found(work) == []


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


def test_a_launch_that_lost_somebody_is_found(work: Work, cast: Cast, sink: Sink) -> None:
    """The rule: messages + exclusions = targeted, checked live every minute."""
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Launch).values(targeted=2))
    assert found(work) == [("launches_out_of_balance", 1)]
