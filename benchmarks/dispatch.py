"""Sending through the product's own path, end to end, against smtp-source at equal size.

Each mail is a durable row that is claimed, gated and recorded with the server's reply, rendered for its person, and
handed over by SMTP to smtp-sink. *One by one* is a rep's own mailbox; a *bulk lane* gates and records in batches over
four connections, in one process or two. smtp-source -s 8 sends the same number of mails of the same size from C,
without a database and with eight connections. Runs alternate; what a process takes to end is not counted.
Run: python -m benchmarks.dispatch [mails] [pairs]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks.outbox import fill
from benchmarks.relay import MISSING, program, sink, source
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.enrollments.launches.checking import MOST
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.schema import METADATA
from tests.databases import durable_postgresql_url
from tests.torture.campaign import launch_for

LAUNCHED = 100  # the others of a bulk lane are copied from these, as a delivery to many has them
SIMPLE = "<p>Hello {{ first_name }},</p>" + "<p>We help companies like {{ company }} ship on time.</p>" * 20
LOGIC = "{% if company %}" + SIMPLE + "{% else %}<p>Hello</p>{% endif %}"


@dataclass(frozen=True)
class Way:
    """One way to send. `share` is the part of the mails that is enough to measure a slow one."""

    words: str
    database: str
    bulk: bool
    html: str
    processes: int = 1
    share: float = 1.0
    goal: str = ""


WAYS = (
    Way("one by one", "SQLite", False, SIMPLE, share=0.1),
    Way("one by one", "PostgreSQL", False, SIMPLE, share=0.1),
    Way("bulk lane", "SQLite", True, SIMPLE),
    Way("bulk lane", "PostgreSQL", True, SIMPLE),
    Way("bulk lane, 2 processes", "PostgreSQL", True, SIMPLE, 2, goal="at least 0.8 ×"),
    Way("bulk lane, template with logic", "PostgreSQL", True, LOGIC, goal="at least 0.4 ×"),
    Way("bulk lane, template with logic, 2 processes", "PostgreSQL", True, LOGIC, 2, goal="at least 0.6 ×"),
)


@dataclass(frozen=True)
class Run:
    """Seconds to send, seconds of processor time of the senders, and the bytes of one mail."""

    seconds: float
    processor: float
    size: int = 0


def main(mails: int, pairs: int) -> None:
    if not program("smtp-sink"):
        print(MISSING)
        return
    for way in WAYS:
        print(_compared(way, max(100, int(mails * way.share)), pairs), flush=True)


def _compared(way: Way, mails: int, pairs: int) -> str:
    if way.database == "SQLite":  # where all are launched, as many as may be at once
        mails = min(mails, MOST)
    runs, theirs = [], []
    for _ in range(pairs):
        with sink() as port:
            runs.append(ours(way, mails, port))
            theirs.append(source(mails, runs[-1].size, port))
    ratio = statistics.median(other / run.seconds for run, other in zip(runs, theirs, strict=True))
    rate = mails / statistics.median(run.seconds for run in runs)
    goal = f" (goal: {way.goal})" if way.goal else ""
    busy = statistics.median(run.processor for run in runs) / mails * 1e6
    return (
        f"{way.database}, {way.words}: {rate:,.0f} mails/s ({busy:,.0f} µs of our processors a mail), {ratio:.3f} × "
        f"smtp-source -s 8 at {runs[-1].size:,} bytes ({mails / statistics.median(theirs):,.0f}/s){goal}"
    )


def ours(way: Way, mails: int, port: int) -> Run:
    with tempfile.TemporaryDirectory() as folder, engine_of(way.database, Path(folder)) as engine:
        launched = min(mails, LAUNCHED) if way.bulk and way.database == "PostgreSQL" else mails
        launch_for(engine, launched, port, bulk=way.bulk, html=way.html)
        if launched < mails:
            fill(engine, mails - launched)
        run = send_all(engine, way.processes, Path(folder))
        with make_sessions(engine, reads_only=True)() as session:
            sent = sa.select(Message).where(Message.state == "sent")
            assert session.scalar(sa.select(sa.func.count()).select_from(sent.subquery())) == mails
            one = exact_mail(session, session.scalars(sent.limit(1)).one())
        assert one is not None
        return replace(run, size=len(one))


def send_all(engine: Engine, processes: int, folder: Path) -> Run:
    """From the word to all processes until the last has found nothing more to send. Their journals are in `folder`."""
    with engine.connect() as connection:
        box = connection.scalar(sa.select(Message.mailbox_id).join(Mailbox).limit(1))
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.sending", url, str(box), str(folder / "journals")]
    pipe = subprocess.PIPE
    senders = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(processes)]
    try:
        for sender in senders:
            assert sender.stdout is not None and sender.stdout.readline() == "ready\n"
        begun = time.perf_counter()
        for sender in senders:
            _tell(sender)
        spent = [_said(sender) for sender in senders]
        seconds = time.perf_counter() - begun  # that a process takes to end is not sending
        assert [sender.wait() for sender in senders] == [0] * processes
        return Run(seconds, sum(spent))
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()


def _said(sender: subprocess.Popen[str]) -> float:
    """What a sender says when it has found nothing more: its processor time in seconds."""
    assert sender.stdout is not None
    return float(sender.stdout.readline())


def _tell(sender: subprocess.Popen[str]) -> None:
    assert sender.stdin is not None
    sender.stdin.write("go\n")
    sender.stdin.flush()


@contextmanager
def engine_of(database: str, folder: Path) -> Iterator[Engine]:
    """An empty database of this kind with every table."""
    url = (
        durable_postgresql_url("benchmark")
        if database == "PostgreSQL"
        else f"sqlite:///{folder / 'sales.sqlite3'}"
    )
    engine = make_engine(url)
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 20_000), (2, 3))))
