"""People judged in chunks, each its own transaction: by preparation, and by every run of a continuous delivery."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.capacity import room_for
from sales_campaigns.deliveries.inputs import seconds_later
from sales_campaigns.deliveries.models import Counted, Stage
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.rendering import render_for_everybody
from sales_campaigns.deliveries.typology.contacted import Together, stand_close
from sales_campaigns.deliveries.typology.judging import (
    Conditions,
    Marked,
    counted,
    keep_only,
    verdicts,
    write_down,
    zones_here,
)
from sales_campaigns.people.models import Address, Person
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 50_000  # ids a transaction: progress, stopping, and SQLite is not locked for long


@dataclass(frozen=True, slots=True)
class Target:
    """Whom one preparation judges, as conditions on Person, and how what comes of it is marked."""

    people: Conditions
    marked: Marked = field(default_factory=Marked)


@dataclass(frozen=True, slots=True)
class _Next:
    """The next people of a target, as many as a chunk has, in the order of a key."""

    number: int
    people: tuple[int, int]  # the lowest and the highest id
    keys: tuple[int, int]

    @property
    def last(self) -> int:
        """Whoever else has this key is judged with them."""
        return self.keys[1]


def next_chunk(uow: UnitOfWork, task: Task, target: Target, counting: Counted, chunk: int) -> None:
    """Those without an address by their own id; the others by address, so that all of one are judged together."""
    if counting.stage is Stage.WITHOUT_ADDRESS:
        people = [*target.people, Person.address_id.is_(None)]
        found = _next(uow.session, Person.id, [*people, Person.id > counting.position], chunk)
        last = found.last if found else 0
        those = [*people, Person.id > counting.position, Person.id <= last]
        _step(uow, task, target, counting, those, (), found, Stage.WITH_ADDRESS)
    else:
        begin = Person.address_id > counting.position
        found = _next(uow.session, Person.address_id, [*target.people, begin], chunk)
        last = found.last if found else 0
        here = [begin, Person.address_id <= last]
        among = [Address.id > counting.position, Address.id <= last]
        task = _knowing_who_shares(uow.session, task, here, found)
        _step(uow, task, target, counting, [*target.people, *here], among, found, Stage.OVER)


def _knowing_who_shares(session: Session, task: Task, here: Conditions, found: _Next | None) -> Task:
    """Where nobody of any team shares an address, what a person got is all that the address got: quicker asked, and
    quicker still for all at once who stand close together.
    """
    if found is None or not task.policy.pressure:
        return task
    different = sa.func.count(sa.distinct(Person.address_id))
    alone = session.scalar(sa.select(sa.func.count() == different).select_from(Person).where(*here))
    close = alone and stand_close(*found.people, found.number)
    together = Together(found.people, found.keys) if close else None
    return replace(task, policy=replace(task.policy, alone=bool(alone), together=together))


def _step(
    uow: UnitOfWork,
    task: Task,
    target: Target,
    counting: Counted,
    those: Conditions,
    among: Conditions,
    found: _Next | None,
    following: Stage,
) -> None:
    if found is None:
        counting.position, counting.stage = 0, following
        return
    _judge(uow, task, target, counting, those, among)
    counting.position = found.last


def _next(session: Session, key: Any, conditions: Conditions, chunk: int) -> _Next | None:
    these = (
        sa.select(Person.id, sa.label("key", key)).where(*conditions).order_by(key).limit(chunk).subquery()
    )
    ends = [f(one) for one in (these.c.id, these.c.key) for f in (sa.func.min, sa.func.max)]
    number, *found = session.execute(sa.select(sa.func.count(), *ends)).one()
    return _Next(number, (found[0], found[1]), (found[2], found[3])) if number else None


def _judge(
    uow: UnitOfWork, task: Task, target: Target, counting: Counted, people: Conditions, among: Conditions
) -> None:
    session = uow.session
    with verdicts(session, task.policy, people, among):
        if task.has_logic:
            render_for_everybody(session, task)
        _leave_out_over_capacity(session, task, counting.to_deliver)
        _count(counting, counted(session))
        seconds = {zone: seconds_later(task.schedule, zone) for zone in _zones(session, task)}
        write_down(session, task.delivery.id, uow.now, task.policy, seconds, target.marked)


def _leave_out_over_capacity(session: Session, task: Task, before: int) -> None:
    """The rule: capacity excludes only where the rule says so. `before`: those of earlier chunks."""
    for rule in task.capacity:
        if rule.excludes and task.mailbox is not None:
            room = room_for(session, rule, task.delivery, task.mailbox, task.policy.at)
            keep_only(session, max(room - before, 0), rule.cause)


def _zones(session: Session, task: Task) -> list[str]:
    return zones_here(session) if task.schedule.theirs and task.schedule.at else []


def _count(counting: Counted, found: dict[str | None, int]) -> None:
    delivered = found.pop(None, 0)
    excluded = sum(found.values())
    counting.targeted += delivered + excluded
    counting.to_deliver += delivered
    counting.excluded += excluded
    counting.causes = dict(Counter(counting.causes) + Counter({name or "": n for name, n in found.items()}))
