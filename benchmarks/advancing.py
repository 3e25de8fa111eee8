"""Advancing: enrollments due at one instant, from due to a queued mail or an open task.

As many people have a call due as have a first mail that has just left and is followed by another. Only the jobs of
the scheduler run on them. A tenth of the people, in the same run, tells whether it is linear.
Run: python -m benchmarks.advancing [people]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.dispatch import engine_of
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import Sessions, make_sessions
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.telling import about
from sales_campaigns.reactions import react
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import cast_of
from tests.torture.campaign import add_people, own_box

CLOCK = VirtualClock(datetime(2026, 11, 30, 8, tzinfo=UTC))
GOAL = "goal: 2,000/s"


@dataclass(frozen=True)
class Run:
    """What one way took: wall seconds, CPU seconds of this process, and statements."""

    seconds: float
    cpu: float
    statements: int


def main(people: int = 10_000) -> None:
    for database in ("PostgreSQL", "SQLite"):
        few, many = (_measured(database, count) for count in (people // 10, people))
        for way in many:
            small, large = few[way], many[way]
            print(
                f"{database}, {people:,} people, {way}: {people / large.seconds:,.0f}/s ({GOAL}), "
                f"{people / large.cpu:,.0f} a second of our CPU, {large.statements} statements; "
                f"10 × the people take {large.seconds / small.seconds:.1f} × the time"
            )


def _measured(database: str, people: int) -> dict[str, Run]:
    with tempfile.TemporaryDirectory() as folder, engine_of(database, Path(folder)) as engine:
        sessions = make_sessions(engine)
        _start(sessions, people)
        found = {"from due to an open task": _run(engine, sessions, open_due)}
        assert _count(sessions, Task) == people
        _mails_leave(sessions)
        found["from sent to the next mail queued"] = _run(engine, sessions, react)
        assert _count(sessions, Message) == 2 * people
        return found


def _start(sessions: Sessions, people: int) -> None:
    """One campaign begins with a call, the other with a mail that is followed by a second one."""
    with unit_of_work(sessions, CLOCK) as uow:
        cast = cast_of(uow)
        box = own_box(uow, cast)
        ids = add_people(uow, cast, 2 * people)
        calls = a_campaign(uow, cast.ana, [a_call(1)], "Calls")
        mails = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_follow_up(uow, 2)], "Mails")
        for campaign, chosen in ((calls, ids[:people]), (mails, ids[people:])):
            row = launch(uow, cast.cleo, Order(campaign.id, chosen, mailbox_id=box), limit=people)
            assert row.started == people
    _analyse(sessions)


def _mails_leave(sessions: Sessions) -> None:
    """What a sender writes about mails that left one by one."""
    with unit_of_work(sessions, CLOCK) as uow:
        left = {"state": MessageState.SENT, "sent_at": uow.now, "ended_at": uow.now}
        uow.session.execute(sa.update(Message).values(left))
        messages = uow.session.scalars(sa.select(Message)).all()
        uow.record_many("message.sent", [about(message) for message in messages])


def _run(engine: Engine, sessions: Sessions, job: Callable[[UnitOfWork], int]) -> Run:
    """The job, a transaction at a time, until it finds nothing more."""
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_: seen.append(statement))
    began, cpu, more = perf_counter(), process_time(), 1
    while more:
        with unit_of_work(sessions, CLOCK) as uow:
            more = job(uow)
    return Run(perf_counter() - began, process_time() - cpu, len(seen))


def _analyse(sessions: Sessions) -> None:
    with sessions() as session:
        session.execute(sa.text("ANALYZE"))
        session.commit()


def _count(sessions: Sessions, model: type[Task] | type[Message]) -> int:
    with sessions() as session:
        return session.scalar(sa.select(sa.func.count(model.id))) or 0


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
