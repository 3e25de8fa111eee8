"""What a process does for itself, beside the table of jobs: it is seen to live, and settles what a dead one noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recovery import settle_journals
from sales_campaigns.messages.stops.waking import live
from sales_campaigns.messages.stops.witness import Witness
from sales_campaigns.presence import beat
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.jobs import EVERYTHING, Job, Key, Place


def guard_job(witness: Witness) -> Job:
    """Count the signs of life, in the database and outside it: a restored database is behind."""

    def count(room: PostRoom, _key: Key) -> int:
        with unit_of_work(room.sessions, room.clock) as uow:
            beats = live(uow, witness.beats)
        witness.remember(beats)
        return 0

    return Job("guard", _always, count, every=5)


def journal_job() -> Job:
    """What a dead process of this machine noted is settled by whoever still lives there."""
    return Job("journals", _always, lambda room, _key: settle_journals(room), 15, Place.EVERYWHERE)


def presence_job(kind: Callable[[], str]) -> Job:
    """The sign of life of a process that does not keep time. `kind` says what it does; "" is silence."""

    def live_on(room: PostRoom, _key: Key) -> int:
        if kind():
            with unit_of_work(room.sessions, room.clock) as uow:
                beat(uow.session, kind())
        return 0

    return Job("presence", _always, live_on, 5, Place.EVERYWHERE)


def _always(_room: PostRoom) -> Sequence[Key]:
    return EVERYTHING
