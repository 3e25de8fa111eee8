"""Let virtual time pass: jump from one due instant to the next and do all work there. Weeks take seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sales_campaigns.absence.reconnecting import next_hold
from sales_campaigns.calendars.leave import next_change
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.feeding import next_delivery
from sales_campaigns.enrollments.answers.comebacks import next_comeback
from sales_campaigns.enrollments.opening import next_opening
from sales_campaigns.enrollments.returning import next_return
from sales_campaigns.enrollments.skipping import next_skip
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.due_mail import next_act
from scheduler.jobs import run_until_quiet


class Party(Protocol):
    """Somebody beside the product who acts at instants of their own: reps who do tasks, people who answer."""

    def next_act(self, after: datetime) -> datetime | None:
        """The next instant at which they have something to do; one that has passed is now."""
        ...

    def act(self) -> int:
        """Do all that is to be done now; how much there was."""
        ...


def fast_forward(room: PostRoom, clock: VirtualClock, until: datetime, parties: Sequence[Party] = ()) -> None:
    """What is due before `until` happens at its own instant, in order; then it is `until`."""
    run_out(room, clock, until, parties)
    clock.move_to(until)
    _happen(room, parties)


def run_out(room: PostRoom, clock: VirtualClock, latest: datetime, parties: Sequence[Party] = ()) -> None:
    """The same, and time stands still where nothing more is due, or what is due lies after `latest`."""
    _happen(room, parties)
    while (due := next_due(room, clock.now(), parties)) is not None and due <= latest:
        clock.move_to(max(due, clock.now()))
        _happen(room, parties)


def next_due(room: PostRoom, after: datetime, parties: Sequence[Party] = ()) -> datetime | None:
    """The next instant at which anything is due."""
    asked = (
        next_act,
        next_opening,
        next_skip,
        next_return,
        next_comeback,
        next_delivery,
        next_hold,
        next_change,
    )
    with room.reads() as session:
        instants = [ask(session, after) for ask in asked]
    instants += [party.next_act(after) for party in parties]
    return min((instant for instant in instants if instant), default=None)


def _happen(room: PostRoom, parties: Sequence[Party]) -> None:
    """All work of this instant, whoever's it is."""
    _act(parties)
    run_until_quiet(room)
    while _act(parties):
        run_until_quiet(room)


def _act(parties: Sequence[Party]) -> int:
    return sum(party.act() for party in parties)
