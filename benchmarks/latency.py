"""From due to handed over: two hundred mailboxes that people write from, one mail each at a time, on PostgreSQL.

The scheduler of the product runs with its usual pace and hands over to the sandbox; mails come due all over a while,
first few of them (idle), then as many as two hundred reps have on a busy morning. Measured is the instant at which the
sandbox has a mail against the instant at which it was due. Run: python -m benchmarks.latency [mails]
"""

from __future__ import annotations

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Engine

from benchmarks.dispatch import engine_of
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.ports import Capabilities, HandOver, MailAccount, MailProvider, OutgoingMail
from sales_campaigns.presence import process_name
from scheduler.engine import LocalEngine
from scheduler.jobs import JOBS, Job
from scheduler.looking_ahead import SEND, look_ahead
from scheduler.runner import clockwork_of
from tests.torture.campaign import launch_for

MAILBOXES = 200
TICK = 1.0  # seconds, as the product is shipped
IDLE = (50, 25.0)  # mails, seconds


@dataclass
class Sandbox:
    """Takes every mail at once and notes when."""

    taken: dict[int, datetime] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=Capabilities)

    def open(self, _account: MailAccount) -> MailProvider:
        return self

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        for mail in mails:
            self.taken[mail.key] = datetime.now(UTC)
            yield HandOver(mail.key, "250 taken", 250)

    def check(self) -> int | None:
        return None

    def close(self) -> None: ...


def main(mails: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder, engine_of("PostgreSQL", Path(folder)) as engine:
        launch_for(engine, IDLE[0] + mails, 0)
        _spread_over_mailboxes(engine)
        sandbox = Sandbox()
        with _scheduler(engine, sandbox):
            for words, count, seconds, goal in (
                ("idle", *IDLE, "p50 at most 0.3 s"),
                ("busy", mails, mails / 50, "p50 at most 2 s, p99 at most 30 s"),
            ):
                print(f"{words}: {_waits(engine, sandbox, count, seconds)} (goal: {goal})", flush=True)


def _waits(engine: Engine, sandbox: Sandbox, count: int, seconds: float) -> str:
    begins = datetime.now(UTC) + timedelta(seconds=2)
    with make_sessions(engine)() as session:
        ids = session.scalars(
            sa.select(Message.id).where(Message.id.not_in(sandbox.taken)).order_by(Message.id).limit(count)
        ).all()
        due = {id: begins + timedelta(seconds=seconds * n / count) for n, id in enumerate(ids)}
        session.execute(
            sa.update(Message), [{"id": id, "act_at": at, "due_at": at} for id, at in due.items()]
        )
        session.commit()
    until = time.monotonic() + seconds + 60
    while time.monotonic() < until and not due.keys() <= sandbox.taken.keys():
        time.sleep(0.1)
    waited = sorted((sandbox.taken[id] - at).total_seconds() for id, at in due.items())
    p99 = waited[int(len(waited) * 0.99)]
    return f"{count:,} mails over {seconds:.0f} s, p50 {statistics.median(waited):.2f} s, p99 {p99:.2f} s"


def _spread_over_mailboxes(engine: Engine) -> None:
    """All wait until they are given their instant; each mailbox writes through the sandbox."""
    later = datetime.now(UTC) + timedelta(days=2)
    with make_sessions(engine)() as session:
        cleo = session.scalars(sa.select(Mailbox.user_id).join(Message)).first()
        boxes = [
            Mailbox(user_id=cleo, provider="smtp", address=f"rep{n}@north.example", daily_limit=1_000_000)
            for n in range(MAILBOXES)
        ]
        session.add_all(boxes)
        session.flush()
        holds = session.scalar(sa.select(sa.func.count()).where(Hold.kind == "mailbox"))
        assert holds is not None and holds >= MAILBOXES
        session.execute(
            sa.update(Message).values(
                mailbox_id=boxes[0].id + Message.id % MAILBOXES, act_at=later, late_at=None, valid_until=later
            )
        )
        session.commit()


@contextmanager
def _scheduler(engine: Engine, sandbox: Sandbox) -> Iterator[None]:
    """The job that sends, the engine that works on it and the clockwork, at the product's pace."""
    sessions, reads = make_sessions(engine), make_sessions(engine, reads_only=True)
    room = PostRoom(sessions, reads, SystemClock(), sandbox, Seal("only for benchmarks"), process_name())
    local = LocalEngine(room)
    send = next(job for job in JOBS if job.name == SEND)

    def tick(job: Job) -> None:
        local.tick(job)
        look_ahead(clockwork, room, TICK)

    clockwork = clockwork_of({send: tick}, TICK)
    clockwork.start()
    try:
        yield
    finally:
        clockwork.shutdown(wait=True)
        local.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
