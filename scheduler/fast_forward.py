"""Let virtual time pass: jump from one due instant to the next and do all work there. Weeks take seconds."""

from __future__ import annotations

from datetime import datetime

from sales_campaigns.calendars.leave import next_change
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.feeding import next_delivery
from sales_campaigns.enrollments.comebacks import next_comeback
from sales_campaigns.enrollments.opening import next_opening
from sales_campaigns.enrollments.returning import next_return
from sales_campaigns.enrollments.skipping import next_skip
from sales_campaigns.messages.dispatching import PostRoom, next_act
from scheduler.jobs import run_until_quiet


def fast_forward(room: PostRoom, clock: VirtualClock, until: datetime) -> None:
    """What is due before `until` happens at its own instant, in order; then it is `until`."""
    run_until_quiet(room)
    while (due := next_due(room, clock.now())) is not None and due <= until:
        clock.move_to(due)
        run_until_quiet(room)
    clock.move_to(until)
    run_until_quiet(room)


def next_due(room: PostRoom, after: datetime) -> datetime | None:
    """The next instant at which anything is due."""
    asked = (
        next_act,
        next_opening,
        next_skip,
        next_return,
        next_comeback,
        next_delivery,
        next_change,
    )
    with room.reads() as session:
        instants = [ask(session, after) for ask in asked]
    return min((instant for instant in instants if instant), default=None)
