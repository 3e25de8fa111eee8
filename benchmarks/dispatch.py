"""Dispatch 10,000 mails through the product's own path, against smtp-source at equal size.

Each mail is claimed, gated and recorded durably in transactions of its own, rendered for its person, and handed
over one by one over SMTP to smtp-sink, from one mailbox in one process. smtp-source -s 8 sends the same number of
mails of the same size from C, without a database and with eight connections. Runs alternate.
Run: python -m benchmarks.dispatch [mails] [pairs]
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from integrations.directory import connected
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.messages.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message
from sales_campaigns.schema import METADATA
from tests.databases import postgresql_url
from tests.torture.campaign import launch_for

PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Run:
    """Seconds to launch and to send, and the bytes of one mail."""

    launch: float
    send: float
    size: int


def main(mails: int, pairs: int) -> None:
    print("\n".join(measure(mails, pairs)))


def measure(mails: int = 10_000, pairs: int = 3) -> list[str]:
    """The figures, a line each; one line that says why where the programs are missing."""
    if not program("smtp-sink"):
        return ["not measured: smtp-sink and smtp-source are missing (they come with postfix)"]
    return [_compared(name, mails, pairs) for name in ("SQLite", "PostgreSQL")]


def _compared(database: str, mails: int, pairs: int) -> str:
    runs, theirs = [], []
    for _ in range(pairs):
        with _sink() as port:
            runs.append(_ours(database, mails, port))
            theirs.append(_source(mails, runs[-1].size, port))
    ratio = statistics.median(other / run.send for run, other in zip(runs, theirs, strict=True))
    send, launch = statistics.median(run.send for run in runs), statistics.median(run.launch for run in runs)
    return (
        f"{database}: {mails / send:,.0f} mails/s ({send / mails * 1e3:.2f} ms a mail), {ratio:.3f} × smtp-source "
        f"-s 8 at {runs[-1].size:,} bytes ({mails / statistics.median(theirs):,.0f}/s); "
        f"launched {mails / launch:,.0f} people/s"
    )


def _ours(database: str, mails: int, port: int) -> Run:
    with tempfile.TemporaryDirectory() as folder, _engine(database, Path(folder)) as engine:
        begun = time.perf_counter()
        launch_for(engine, mails, port)
        launched = time.perf_counter()
        _send_all(engine)
        ended = time.perf_counter()
        with engine.connect() as connection:
            sent = sa.select(sa.func.count(), sa.func.avg(sa.func.length(Message.mime)))
            count, size = connection.execute(sent.where(Message.state == "sent")).one()
        assert count == mails
        return Run(launched - begun, ended - launched, round(size))


def _send_all(engine: Engine) -> None:
    sessions, mail = make_sessions(engine), connected()
    reads = make_sessions(engine, reads_only=True)
    room = PostRoom(sessions, reads, SystemClock(), mail, Seal("only for benchmarks"), "benchmark")
    with reads() as session:
        box = session.scalars(sa.select(Message.mailbox_id).join(Mailbox).limit(1)).one()
    while dispatch(room, box):
        pass
    mail.close_all()


@contextmanager
def _engine(database: str, folder: Path) -> Iterator[Engine]:
    url = postgresql_url("benchmark") if database == "PostgreSQL" else f"sqlite:///{folder / 'sales.sqlite3'}"
    engine = make_engine(url)
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


def program(name: str) -> str:
    """The path of one of postfix's two programs; empty where the machine has it not."""
    return shutil.which(name, path=PATHS) or ""


@contextmanager
def _sink() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([program("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "128"])
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink did not begin to listen")


def _source(mails: int, size: int, port: int) -> float:
    """Seconds that smtp-source takes with eight sessions."""
    options = ["-s", "8", "-l", str(size), "-m", str(mails), "-f", "ana@north.example", "-t", "m@example.com"]
    begun = time.perf_counter()
    subprocess.run([program("smtp-source"), *options, f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(*(int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 10_000), (2, 3))))
