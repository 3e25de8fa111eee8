"""Jobs that a process adds to those of the table because of what it is: its disk, its signs of life, its lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sales_campaigns.messages.handing_over.dispatching import PostRoom, bulk_lanes
from sales_campaigns.messages.handing_over.recovery import settle_journals
from sales_campaigns.messages.stops.waking import live
from sales_campaigns.messages.stops.witness import Witness
from sales_campaigns.people.importing import continue_import, due_imports
from sales_campaigns.presence import beat
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.jobs import Job, Key, Place, always, in_one_transaction


def guard_job(witness: Witness) -> Job:
    """Count the signs of life, in the database and outside it: a restored database is behind."""

    def count(room: PostRoom, _key: Key) -> int:
        with unit_of_work(room.sessions, room.clock) as uow:
            beats = live(uow, witness.beats)
        witness.remember(beats)
        return 0

    return Job("guard", always, count, every=5)


def journal_job() -> Job:
    """What a dead process of this machine noted is settled by whoever still lives there."""
    return Job("journals", always, lambda room, _key: settle_journals(room), 15, Place.EVERYWHERE)


def presence_job(kind: Callable[[], str]) -> Job:
    """The sign of life of a process that does not keep time. `kind` says what it does; "" is silence."""

    def live_on(uow: UnitOfWork) -> int:
        if kind():
            beat(uow.session, kind())
        return 0

    return Job("presence", always, in_one_transaction(live_on), 5, Place.EVERYWHERE)


def in_lanes(job: Job, lanes: int) -> Job:
    """The same with a key for each lane of a bulk mailbox, so that several workers send from it side by side."""

    def find(room: PostRoom) -> Sequence[Key]:
        keys = job.find(room)
        with unit_of_work(room.reads, room.clock) as uow:
            wide = set(bulk_lanes(uow.session))
        return [lane for key in keys for lane in (lanes_of(key, lanes) if key in wide else [key])]

    return replace(job, find=find)


def lanes_of(key: Key, lanes: int) -> list[Key]:
    return [f"{key} lane {number}" for number in range(lanes)]


def import_job(uploads: Path) -> Job:
    """Check and import uploaded files of people, a chunk a transaction. `uploads` is the folder they stand in."""

    def due(room: PostRoom) -> Sequence[Key]:
        with unit_of_work(room.reads, room.clock) as uow:
            return due_imports(uow.session)

    def carry_on(room: PostRoom, key: Key) -> int:
        with unit_of_work(room.sessions, room.clock) as uow:
            return int(continue_import(uow, uploads, int(key)))

    return Job("import people", due, carry_on)
